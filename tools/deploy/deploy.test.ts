import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { composeViolations } from './compose-policy.ts'
import { isPinned, kubernetesViolations, type Manifest } from './kubernetes-policy.ts'
import { findHelm, hashChart, headOf, RENDERED, renderChart } from './rendered.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const documents = (text: string): Manifest[] =>
  parseAllDocuments(text).flatMap((document) => {
    const value: unknown = document.toJS()
    return typeof value === 'object' && value !== null ? [value as Manifest] : []
  })
const rendered = readFileSync(RENDERED, 'utf8')

// Breaking something deep inside needs no types.
type Loose = { [key: string]: Loose } & Loose[]
const helm = findHelm()

describe('R095: the Helm chart', () => {
  const manifests = documents(rendered)
  const find = (all: readonly Manifest[], kind: string, name: string): Loose =>
    all.find((one) => one['kind'] === kind && (one['metadata'] as { name: string }).name === name) as unknown as Loose
  const pod = (all: readonly Manifest[]): Loose =>
    find(all, 'Deployment', 'sallyport-gateway')['spec']?.['template']?.['spec'] as Loose
  const container = (all: readonly Manifest[]): Loose => pod(all)['containers']?.[0] as Loose
  const policy = (all: readonly Manifest[]): Loose => find(all, 'NetworkPolicy', 'sallyport-gateway')['spec'] as Loose

  test('is within restricted pod security, with a read-only root, and denies all traffic first', () => {
    expect(kubernetesViolations(manifests)).toEqual([])
    expect(manifests.map((one) => one['kind'])).toEqual(
      expect.arrayContaining(['Deployment', 'Job', 'PodDisruptionBudget', 'NetworkPolicy']),
    )
  })

  test('what is checked in was rendered from the chart as it is', () => {
    expect(rendered.startsWith(headOf(hashChart()))).toBe(true)
  })

  test.skipIf(helm === undefined)('Helm renders the same', () => {
    expect(renderChart(helm ?? '')).toBe(rendered.slice(headOf(hashChart()).length))
  })

  test.skipIf(helm === undefined).each([
    [
      'a way out to everywhere',
      'network.egress=[{"to":[{"ipBlock":{"cidr":"0.0.0.0/0"}}],"ports":[{"port":443}]}]',
      'egress for everyone',
    ],
    ['everybody in the cluster may call', 'network.ingressFrom=[{"namespaceSelector":{}}]', 'ingress for everyone'],
  ])('a value that opens the network is caught: %s', (_, value, problem) => {
    expect(kubernetesViolations(documents(renderChart(helm ?? '', [value]))).join('\n')).toContain(problem)
  })

  test.skipIf(helm === undefined).each([
    ['security of the pods', 'podSecurityContext={"runAsUser":0}'],
    ['a privileged container', 'securityContext={"privileged":true}'],
    ['no policy', 'network.enabled=false'],
    ['nobody named who may call', 'network.ingressFrom=[]'],
    ['a tag that moves', 'image={"repository":"a","tag":"latest","digest":""}'],
    ['plain HTTP', 'publicUrl="http://agents.example"'],
  ])('a value that would loosen it does not exist: %s', (_, value) => {
    expect(() => renderChart(helm ?? '', [value])).toThrowError(/schema|not allowed|does not match|minItems/i)
  })

  test.each<[string, (all: Manifest[]) => unknown, string]>([
    ['privileged', (all) => Object.assign(container(all)['securityContext'] ?? {}, { privileged: true }), 'is privileged'],
    [
      'escalation',
      (all) => delete (container(all)['securityContext'] as { allowPrivilegeEscalation?: unknown }).allowPrivilegeEscalation,
      'may gain privileges',
    ],
    [
      'capabilities kept',
      (all) => delete (container(all)['securityContext'] as { capabilities?: unknown }).capabilities,
      'keeps capabilities',
    ],
    [
      'capabilities added',
      (all) => Object.assign(container(all)['securityContext']?.['capabilities'] ?? {}, { add: ['SYS_ADMIN'] }),
      'adds capabilities',
    ],
    ['root', (all) => Object.assign(pod(all)['securityContext'] ?? {}, { runAsUser: 0 }), 'runs as root'],
    [
      'maybe root',
      (all) => [pod(all), container(all)].forEach((one) => Object.assign(one['securityContext'] ?? {}, { runAsNonRoot: false })),
      'may run as root',
    ],
    ['seccomp', (all) => delete (pod(all)['securityContext'] as { seccompProfile?: unknown }).seccompProfile, 'no seccomp profile'],
    [
      'writable root',
      (all) => Object.assign(container(all)['securityContext'] ?? {}, { readOnlyRootFilesystem: false }),
      'writable root',
    ],
    ['host network', (all) => Object.assign(pod(all), { hostNetwork: true }), 'hostNetwork is on'],
    [
      'host path',
      (all) => pod(all)['volumes']?.push({ name: 'x', hostPath: { path: '/' } } as unknown as Loose),
      'a volume of kind hostPath',
    ],
    ['host port', (all) => Object.assign(container(all)['ports']?.[0] ?? {}, { hostPort: 443 }), 'port of the host'],
    ['token', (all) => Object.assign(pod(all), { automountServiceAccountToken: true }), 'token of the service account'],
    ['limits', (all) => Object.assign(container(all), { resources: {} }), 'has no limits'],
    ['image', (all) => Object.assign(container(all), { image: 'sallyport' }), 'not pinned'],
    [
      'secret',
      (all) => container(all)['env']?.push({ name: 'DB_PASSWORD', value: 'x' } as unknown as Loose),
      'a secret among its environment',
    ],
    [
      'an init container',
      (all) => Object.assign(pod(all), { initContainers: [{ name: 'x', image: 'x:1' }] }),
      'x: keeps capabilities',
    ],
    [
      'no default deny',
      (all) => all.splice(all.indexOf(find(all, 'NetworkPolicy', 'sallyport-default-deny') as unknown as Manifest), 1),
      'no policy that denies everything first',
    ],
    [
      'a default deny with a hole',
      (all) => Object.assign(find(all, 'NetworkPolicy', 'sallyport-default-deny')['spec'] ?? {}, { egress: [{}] }),
      'no policy that denies everything first',
    ],
    ['egress to anyone', (all) => policy(all)['egress']?.push({} as Loose), 'egress for everyone'],
    [
      'ingress from anyone',
      (all) => policy(all)['ingress']?.push({ from: [{ podSelector: {} }], ports: [{ port: 1 }] } as unknown as Loose),
      'ingress for everyone',
    ],
    [
      'every port',
      (all) => policy(all)['egress']?.push({ to: [{ ipBlock: { cidr: '10.0.0.1/32' } }] } as unknown as Loose),
      'on every port',
    ],
    [
      'a node port',
      (all) => Object.assign(find(all, 'Service', 'sallyport')['spec'] ?? {}, { type: 'NodePort' }),
      'outside the cluster',
    ],
    [
      'sticky sessions',
      (all) => Object.assign(find(all, 'Service', 'sallyport')['spec'] ?? {}, { sessionAffinity: 'ClientIP' }),
      'sticky sessions',
    ],
  ])('a manifest that breaks the rule is caught: %s', (_, spoil, problem) => {
    const all = documents(rendered)
    spoil(all)
    expect(kubernetesViolations(all).join('\n')).toContain(problem)
  })

  test('R096: exposes the documented ports and no others', () => {
    const ports = manifests
      .filter((one) => one['kind'] === 'Service')
      .flatMap((one) => (one['spec'] as { ports: { port: number }[] }).ports)
    expect(ports.map(({ port }) => port).sort((a, b) => a - b)).toEqual([443, 7720])
  })
})

describe('R095: the compose file', () => {
  const load = (): Loose => parse(read('deploy/compose.yaml'), { merge: true }) as Loose

  test('runs nothing privileged, and reaches nothing it need not', () => {
    expect(composeViolations(load())).toEqual([])
  })

  test.each<[string, (services: Loose, all: Loose) => unknown, string]>([
    ['privileged', ({ gateway }) => Object.assign(gateway ?? {}, { privileged: true }), 'gateway: is privileged'],
    ['writable root', ({ postgres }) => Object.assign(postgres ?? {}, { read_only: false }), 'postgres: has a writable root'],
    ['root', ({ proxy }) => Object.assign(proxy ?? {}, { user: '0:0' }), 'proxy: may run as root'],
    ['capabilities', ({ gateway }) => Object.assign(gateway ?? {}, { cap_drop: [] }), 'gateway: keeps capabilities'],
    ['escalation', ({ gateway }) => Object.assign(gateway ?? {}, { security_opt: [] }), 'gateway: may gain privileges'],
    ['host network', ({ gateway }) => Object.assign(gateway ?? {}, { network_mode: 'host' }), 'gateway: shares what is the host’s'],
    ['limits', ({ witness }) => Object.assign(witness ?? {}, { deploy: {} }), 'witness: has no limits'],
    ['health', ({ witness }) => delete (witness as { healthcheck?: unknown }).healthcheck, 'witness: has no health check'],
    ['image', ({ proxy }) => Object.assign(proxy ?? {}, { image: 'haproxy:latest' }), 'proxy: has an image that is not pinned'],
    [
      'a second door',
      ({ gateway }) => Object.assign(gateway ?? {}, { ports: ['7700:7700'] }),
      'gateway: can be reached from outside',
    ],
    ['a way out', ({ postgres }) => postgres?.['networks']?.push('edge' as unknown as Loose), 'postgres: has a way out'],
    ['a way out for all', (_, all) => Object.assign(all['networks']?.['inner'] ?? {}, { internal: false }), 'inner: has a way out'],
    [
      'a secret in the environment',
      ({ postgres }) => Object.assign(postgres?.['environment'] ?? {}, { POSTGRES_PASSWORD: 'x' }),
      'a secret among its environment',
    ],
    [
      'the engine’s socket',
      ({ gateway }) => Object.assign(gateway ?? {}, { volumes: ['/var/run/docker.sock:/d'] }),
      'mounts what is the host’s',
    ],
  ])('what breaks the rule is caught: %s', (_, spoil, problem) => {
    const all = load()
    spoil(all['services'] as Loose, all)
    expect(composeViolations(all).join('\n')).toContain(problem)
  })

  test('R293: the proxy may send any request to any gateway', () => {
    const config = read('deploy/haproxy.cfg').replaceAll(/^\s*#.*$/gm, '')
    expect(config).toMatch(/^\s*balance roundrobin$/m)
    expect(config).not.toMatch(/\b(?:cookie|stick|stick-table|balance source|balance hash|hash-type)\b/)
    expect(config).toContain('ssl verify required')
  })

  test('the image is built on pinned bases, leaves nothing that installs, and does not run as root', () => {
    const stages = read('deploy/Dockerfile')
      .split(/^FROM /m)
      .slice(1)
    for (const stage of stages) expect(isPinned(stage.split(/\s/, 1)[0])).toBe(true)
    const last = stages.at(-1) ?? ''
    expect(last).toMatch(/^USER 10001:10001$/m)
    expect(last).toContain('/usr/local/bin/npm')
    expect(last).not.toMatch(/npm (?:ci|install)|apt-get|curl|^ADD /m)
    expect(read('deploy/Dockerfile')).toContain('--ignore-scripts')
  })

  test('the image holds what the packages are published with', () => {
    const last =
      read('deploy/Dockerfile')
        .split(/^FROM /m)
        .at(-1) ?? ''
    for (const name of ['core', 'gateway', 'cli']) {
      const { files } = JSON.parse(read(`packages/${name}/package.json`)) as { files: string[] }
      for (const file of files) expect(last).toMatch(new RegExp(`^COPY .* packages/${name}/${file}$`, 'm'))
    }
  })
})
