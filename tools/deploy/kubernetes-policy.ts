/** One object of a manifest, as YAML gives it. */
export type Manifest = Readonly<Record<string, unknown>>

type Node = Readonly<Record<string, unknown>>

/** Volumes of the Pod Security Standards' "restricted" level. */
const VOLUMES = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret']
const SECCOMP = ['RuntimeDefault', 'Localhost']

/**
 * What rendered manifests do wrong: Pod Security Standards "restricted", and beyond it what this project promises: a read-only
 * root, limits, no token of the cluster, pinned images, secrets by reference, default-deny network policies without a rule for
 * everyone. Empty when nothing is.
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function kubernetesViolations(manifests: readonly Manifest[]): string[] {
  const pods = manifests.flatMap((manifest) => podsOf(manifest))
  return [
    ...pods.flatMap(({ where, spec }) => podViolations(spec).map((problem) => `${where}: ${problem}`)),
    ...networkViolations(manifests, pods),
    ...manifests.flatMap((manifest) => serviceViolations(manifest)),
  ]
}

interface PodSpec {
  readonly where: string
  readonly namespace: string
  readonly spec: Node
}

const node = (value: unknown): Node => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Node) : {})
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const nameOf = (manifest: Manifest): string => `${String(manifest['kind'])}/${String(node(manifest['metadata'])['name'])}`
const namespaceOf = (manifest: Manifest): string => {
  const { namespace } = node(manifest['metadata'])
  return typeof namespace === 'string' ? namespace : 'default'
}

function podsOf(manifest: Manifest): PodSpec[] {
  const spec = node(manifest['spec'])
  const found = { where: nameOf(manifest), namespace: namespaceOf(manifest) }
  switch (manifest['kind']) {
    case 'Pod':
      return [{ ...found, spec }]
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
    case 'ReplicaSet':
    case 'Job':
      return [{ ...found, spec: node(node(spec['template'])['spec']) }]
    case 'CronJob':
      return [{ ...found, spec: node(node(node(node(spec['jobTemplate'])['spec'])['template'])['spec']) }]
    default:
      return []
  }
}

function podViolations(spec: Node): string[] {
  const security = node(spec['securityContext'])
  const containers = ['initContainers', 'containers', 'ephemeralContainers'].flatMap((kind) => list(spec[kind]).map(node))
  const sysctls = list(security['sysctls'])
  return [
    ...['hostNetwork', 'hostPID', 'hostIPC'].filter((key) => spec[key] === true).map((key) => `${key} is on`),
    ...(spec['automountServiceAccountToken'] === false ? [] : ['the token of the service account is mounted']),
    ...(sysctls.length > 0 ? ['sets sysctls'] : []),
    ...list(spec['volumes']).flatMap((volume) =>
      Object.keys(node(volume))
        .filter((key) => key !== 'name' && !VOLUMES.includes(key))
        .map((kind) => `a volume of kind ${kind}`),
    ),
    ...(containers.length === 0 ? ['no container'] : []),
    ...containers.flatMap((container) =>
      containerViolations(container, security).map((problem) => `${String(container['name'])}: ${problem}`),
    ),
  ]
}

function containerViolations(container: Node, pod: Node): string[] {
  const own = node(container['securityContext'])
  const effective = (key: string): unknown => own[key] ?? pod[key]
  const { drop, add } = node(own['capabilities'])
  const limits = node(node(container['resources'])['limits'])
  const checks: readonly (readonly [boolean, string])[] = [
    [own['privileged'] === true, 'is privileged'],
    [own['allowPrivilegeEscalation'] !== false, 'may gain privileges'],
    [!list(drop).includes('ALL'), 'keeps capabilities'],
    [list(add).some((capability) => capability !== 'NET_BIND_SERVICE'), 'adds capabilities'],
    [effective('runAsNonRoot') !== true, 'may run as root'],
    [effective('runAsUser') === 0, 'runs as root'],
    [!SECCOMP.includes(String(node(effective('seccompProfile'))['type'])), 'has no seccomp profile'],
    [own['readOnlyRootFilesystem'] !== true, 'has a writable root'],
    [(own['procMount'] ?? 'Default') !== 'Default', 'changes /proc'],
    [list(container['ports']).some((port) => node(port)['hostPort'] !== undefined), 'takes a port of the host'],
    [limits['cpu'] === undefined || limits['memory'] === undefined, 'has no limits'],
    [!isPinned(container['image']), 'has an image that is not pinned'],
    [list(container['env']).some(holdsSecret), 'has a secret among its environment'],
  ]
  return checks.flatMap(([isWrong, problem]) => (isWrong ? [problem] : []))
}

/** By digest, or by a tag that is a version. */
export function isPinned(image: unknown): boolean {
  return (
    typeof image === 'string' &&
    (/@sha256:[0-9a-f]{64}$/.test(image) || (/:[\w.-]*\d[\w.-]*$/.test(image) && !image.endsWith(':latest')))
  )
}

function holdsSecret(variable: unknown): boolean {
  const { name, value, valueFrom } = node(variable)
  return (
    node(valueFrom)['secretKeyRef'] !== undefined || (typeof value === 'string' && /pass|secret|token|key$/i.test(String(name)))
  )
}

function networkViolations(manifests: readonly Manifest[], pods: readonly PodSpec[]): string[] {
  const policies = manifests.filter((manifest) => manifest['kind'] === 'NetworkPolicy')
  const covered = new Set(policies.filter(deniesAll).map(namespaceOf))
  const bare = [...new Set(pods.map((pod) => pod.namespace))].filter((namespace) => !covered.has(namespace))
  return [
    ...bare.map((namespace) => `namespace ${namespace}: no policy that denies everything first`),
    ...policies.flatMap((policy) => openRules(policy).map((problem) => `${nameOf(policy)}: ${problem}`)),
  ]
}

function deniesAll(policy: Manifest): boolean {
  const { podSelector, policyTypes, ingress, egress } = node(policy['spec'])
  const isEverything = podSelector !== undefined && Object.keys(node(podSelector)).length === 0
  const types = list(policyTypes)
  return isEverything && types.includes('Ingress') && types.includes('Egress') && list(ingress).length + list(egress).length === 0
}

function openRules(policy: Manifest): string[] {
  const spec = node(policy['spec'])
  const rules = [
    ...list(spec['ingress']).map((rule) => ({
      from: 'ingress',
      peers: list(node(rule)['from']),
      ports: list(node(rule)['ports']),
    })),
    ...list(spec['egress']).map((rule) => ({ from: 'egress', peers: list(node(rule)['to']), ports: list(node(rule)['ports']) })),
  ]
  return rules.flatMap(({ from, peers, ports }) => [
    ...(peers.length === 0 || peers.some(isAnyone) ? [`${from} for everyone`] : []),
    ...(ports.length === 0 ? [`${from} on every port`] : []),
  ])
}

function isAnyone(peer: unknown): boolean {
  const { ipBlock, podSelector, namespaceSelector } = node(peer)
  if (ipBlock !== undefined) return ['0.0.0.0/0', '::/0'].includes(String(node(ipBlock)['cidr']))
  const selectors = [podSelector, namespaceSelector].filter((selector) => selector !== undefined)
  return selectors.every((selector) => Object.keys(node(selector)).length === 0)
}

function serviceViolations(manifest: Manifest): string[] {
  if (manifest['kind'] !== 'Service') return []
  const { type, sessionAffinity } = node(manifest['spec'])
  return [
    ...((type ?? 'ClusterIP') === 'ClusterIP' ? [] : [`${nameOf(manifest)}: is reachable from outside the cluster`]),
    ...((sessionAffinity ?? 'None') === 'None' ? [] : [`${nameOf(manifest)}: has sticky sessions`]),
  ]
}
