import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { ProviderRequest } from '../../../conformance/providers/script.ts'
import { SECRET_WORDS } from './scripted-model.ts'

const Answered = z.object({ text: z.string().nullish(), calls: z.array(z.tuple([z.string(), z.unknown()])) })
const Threw = z.object({ threw: z.string(), name: z.string(), status: z.number().nullable() })
const Seen = z.union([Answered, Threw])
type Seen = z.infer<typeof Seen>
/** What a client printed: what it saw, by scenario. */
export const SeenByScenario = z.record(z.string(), Seen)

/** What else is known of one client's run. */
export interface Around {
  /** Everything the provider was sent. */
  readonly requests: readonly ProviderRequest[]
  /** Tools that the tool server was asked for. */
  readonly toolCalls: readonly string[]
  readonly through: 'gateway' | 'provider'
}

/** @returns What is wrong; `undefined` when nothing is. */
export type Judge = (seen: Seen, around: Around) => string | undefined | Promise<string | undefined>

/** Longest wait until the provider sees that nobody listens any more. */
const CUT_MS_MAX = 2_000

const PARIS = ['weather', { city: 'Paris' }]
const ROME = ['weather', { city: 'Rome' }]
const says =
  (text: string, calls: readonly unknown[] = []): Judge =>
  (seen) =>
    'text' in seen && seen.text === text && JSON.stringify(seen.calls) === JSON.stringify(calls) ? undefined : JSON.stringify(seen)

/** An error of the library, with the gateway's status where the library tells one, and nothing of the provider's own. */
const failsWith =
  (status: number | undefined): Judge =>
  (seen, { through }) => {
    if (!('threw' in seen)) return `no error: ${JSON.stringify(seen)}`
    if (through === 'provider') return undefined
    const told = JSON.stringify(seen)
    const leaked = SECRET_WORDS.filter((word) => told.includes(word))
    if (leaked.length > 0) return `it tells ${leaked.join(', ')}`
    return status === undefined || seen.status === null || seen.status === status ? undefined : `status ${seen.status}`
  }

const refused =
  (reason: string, never: RegExp): Judge =>
  (seen, { requests }) => {
    if (!('threw' in seen) || !seen.threw.includes(reason)) return JSON.stringify(seen)
    return requests.some(({ bytes }) => never.test(bytes.toString('utf8'))) ? 'it reached the provider' : undefined
  }

/** The client gave up, and the provider saw the connection end. */
const cut =
  (prompt: string): Judge =>
  async (seen, { requests }) => {
    if (!('threw' in seen)) return `no error: ${JSON.stringify(seen)}`
    const request = requests.find(({ bytes }) => bytes.toString('utf8').includes(prompt))
    if (!request) return 'it never reached the provider'
    const ended = await Promise.race([request.isCut, delay(CUT_MS_MAX, undefined, { ref: false })])
    return ended ? undefined : 'the provider still works on it'
  }

/** Of the library alone, whatever it is pointed at. */
export const PLAIN: Readonly<Record<string, Judge>> = {
  chat: says('It is Paris.'),
  stream: says('It is Paris.'),
  tool: says('It is sunny.', [PARIS]),
  toolStream: says('It is sunny.', [PARIS]),
  parallel: says('It is sunny.', [PARIS, ROME]),
  parallelStream: says('It is sunny.', [PARIS, ROME]),
  reasoning: says('It is Paris.'),
  failure: failsWith(502),
  limited: failsWith(429),
  invalid: failsWith(400),
  reset: failsWith(502),
  half: failsWith(undefined),
  malformed: failsWith(undefined),
  givesUp: failsWith(undefined),
  cancel: cut('fault hang'),
  cancelStream: cut('fault stall'),
}

/** Where the gateway decides. */
export const POLICED: Readonly<Record<string, Judge>> = {
  notGranted: refused('model_not_in_manifest', /"other"/),
  notGrantedStream: refused('model_not_in_manifest', /"other"/),
  secret: refused('data_not_cleared', /ghp_/),
  secretStream: refused('data_not_cleared', /ghp_/),
  masked(seen, around) {
    const sent = around.requests.map(({ bytes }) => bytes.toString('utf8')).filter((text) => text.includes('my card'))
    if (!sent.some((text) => text.includes('[[payment_card:')) || sent.some((text) => text.includes('4111')))
      return `the provider was sent ${sent.join(' ').slice(0, 200)}`
    return says('It is Paris.')(seen, around)
  },
  toolAllowed: (seen, around) =>
    around.toolCalls.filter((tool) => tool === 'find').length === 1
      ? says('Done.', [['customers__find', { region: 'eu' }]])(seen, around)
      : `the tool server saw ${around.toolCalls.join(', ')}`,
  toolDenied(seen, around) {
    if (around.toolCalls.includes('erase')) return 'the tool server was asked'
    const told = around.requests.filter(({ bytes }) => bytes.toString('utf8').includes('Refused by Sallyport'))
    return told.length === 1
      ? says('Done.', [['customers__erase', { region: 'eu' }]])(seen, around)
      : 'the model was not told of it'
  },
}

/** Where a library has more to it; which those are is its own affair. */
export const MORE: Readonly<Record<string, Judge>> = {
  models: (seen, { through }) =>
    says(through === 'gateway' ? 'default claude' : 'model-1 model-2')(seen, { requests: [], toolCalls: [], through }),
  embeddings: says('0.25 -0.5 1'),
  tokens: says('11'),
}
