import { isPinned } from './kubernetes-policy.ts'

type Node = Readonly<Record<string, unknown>>

const node = (value: unknown): Node => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Node) : {})
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/**
 * What a compose file does wrong: the same promises as for Kubernetes, in the words of compose. Only the proxy may be reached
 * from outside, and the network that the database is in has no way out. Empty when nothing is wrong.
 */
export function composeViolations(compose: Node): string[] {
  const services = Object.entries(node(compose['services']))
  const inner = node(node(compose['networks'])['inner'])
  return [
    ...services.flatMap(([name, service]) => serviceViolations(name, node(service)).map((problem) => `${name}: ${problem}`)),
    ...(inner['internal'] === true ? [] : ['inner: has a way out']),
    ...Object.entries(node(compose['secrets'])).flatMap(([name, secret]) =>
      typeof node(secret)['file'] === 'string' ? [] : [`${name}: is not a file`],
    ),
  ]
}

function serviceViolations(name: string, service: Node): string[] {
  const limits = node(node(node(service['deploy'])['resources'])['limits'])
  const networks = list(service['networks'])
  const isTask = service['restart'] === 'on-failure:5'
  const checks: readonly (readonly [boolean, string])[] = [
    [service['privileged'] === true, 'is privileged'],
    [service['read_only'] !== true, 'has a writable root'],
    [!/^[1-9]\d*:[1-9]\d*$/.test(String(service['user'])), 'may run as root'],
    [!list(service['cap_drop']).includes('ALL'), 'keeps capabilities'],
    [list(service['cap_add']).length > 0, 'adds capabilities'],
    [!list(service['security_opt']).includes('no-new-privileges:true'), 'may gain privileges'],
    [
      ['network_mode', 'pid', 'ipc', 'userns_mode', 'devices'].some((key) => service[key] !== undefined),
      'shares what is the host’s',
    ],
    [limits['cpus'] === undefined || limits['memory'] === undefined || limits['pids'] === undefined, 'has no limits'],
    [service['healthcheck'] === undefined && !isTask, 'has no health check'],
    [!isPinned(String(service['image']).replace(/^\$\{[^}]*:-(.*)\}$/, '$1')), 'has an image that is not pinned'],
    [name !== 'proxy' && service['ports'] !== undefined, 'can be reached from outside'],
    [networks.length === 0, 'is in the default network'],
    [['postgres', 'witness', 'migrate'].includes(name) && networks.some((network) => network !== 'inner'), 'has a way out'],
    [Object.entries(node(service['environment'])).some(holdsSecret), 'has a secret among its environment'],
    [
      list(service['volumes']).some((volume) => /docker\.sock|^\/(?:etc|var|proc|sys)?(?:\/|:)/.test(String(volume))),
      'mounts what is the host’s',
    ],
  ]
  return checks.flatMap(([isWrong, problem]) => (isWrong ? [problem] : []))
}

/** A value, not the name of a file that holds it. */
function holdsSecret([name, value]: readonly [string, unknown]): boolean {
  return /pass|secret|token|key$/i.test(name) && !(name.endsWith('_FILE') && String(value).startsWith('/run/secrets/'))
}
