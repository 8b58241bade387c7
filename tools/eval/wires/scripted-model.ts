import type { Fault, ProviderRequest, Reply } from '../../../conformance/providers/script.ts'

/** What no caller may ever read: the words of the provider's own failure. */
export const SECRET_WORDS = ['/srv/model/db.js', 'hunter2', 'postgres://', 'db.internal', 'boom'] as const
const STACK = 'Error: boom\n    at query (/srv/model/db.js:12:7) postgres://root:hunter2@db.internal/models'
const LOST = ['It is ', 'Paris, ', 'the city ', 'of light, ', 'they say.']

/** The scripted model: the words it is asked say what it does, on every wire alike. */
export function scriptedModel({ bytes, operation }: ProviderRequest): Reply {
  const text = bytes.toString('utf8')
  const [, fault, status] = /fault ([a-z-]+)(?: (\d+))?/.exec(text) ?? []
  if (fault !== undefined) return faultNamed(fault, Number(status))
  if (operation === 'anthropic-count-tokens') return { usage: { input: 11, output: 0 } }
  const isAnswered = /"role":\s*"tool"|function_call_output|tool_result/.test(text)
  if (isAnswered) return { text: text.includes('weather') ? ['It is ', 'sunny.'] : ['Done.'] }
  if (text.includes('weather of')) {
    const cities = ['Paris', 'Rome'].filter((city) => text.includes(city))
    return { calls: cities.map((city) => ({ name: 'weather', args: { city } })) }
  }
  const [, verb] = /(find|erase) customers"/.exec(text) ?? []
  if (verb !== undefined) return { calls: [{ name: `customers__${verb}`, args: { region: 'eu' } }] }
  return { ...(text.includes('think of') ? { reasoning: 'France, so its capital.' } : {}), text: ['It is ', 'Paris.'] }
}

function faultNamed(fault: string, status: number): Fault {
  const said = { text: LOST }
  switch (fault) {
    case 'status':
      return { fault, status, message: STACK, headers: status === 429 ? { 'retry-after': '30' } : {} }
    case 'hang':
    case 'reset':
      return { fault }
    case 'malformed':
    case 'gives-up':
      return { fault, said, message: STACK.replaceAll('\n', ' ') }
    case 'half':
    case 'short':
    case 'stall':
      return { fault, said }
    default:
      throw new TypeError(`no fault ${fault}`)
  }
}
