import type { ActionKind } from '@sallyport/core'
import type { Era } from './wire.ts'

/** What the gateway does with a method: perform an act under the pipeline, or answer by itself. */
export type Handling = { readonly act: ActionKind } | { readonly own: 'ping' | 'logLevel' | 'listen' | 'task' }

/**
 * Every method of the protocol that is served, by revision family. A method that is not in here is refused: there is no
 * default and no pass-through. Roots, sampling and elicitation are never requests of a client to a gateway; tasks are the gateway's
 * own, for acts that wait for people.
 */
const BOTH = {
  'tools/list': { act: 'tool.list' },
  'tools/call': { act: 'tool.call' },
  'resources/list': { act: 'resource.list' },
  'resources/templates/list': { act: 'resource.list' },
  'resources/read': { act: 'resource.read' },
  'prompts/list': { act: 'prompt.list' },
  'prompts/get': { act: 'prompt.get' },
  'completion/complete': { act: 'complete' },
} as const

export const METHODS: Readonly<Record<Era, Readonly<Record<string, Handling>>>> = {
  modern: table({
    ...BOTH,
    'server/discover': { act: 'session.open' },
    'subscriptions/listen': { own: 'listen' },
    'tasks/get': { own: 'task' },
    'tasks/update': { own: 'task' },
    'tasks/cancel': { own: 'task' },
  }),
  legacy: table({
    ...BOTH,
    initialize: { act: 'session.open' },
    'resources/subscribe': { act: 'resource.subscribe' },
    'resources/unsubscribe': { act: 'resource.subscribe' },
    ping: { own: 'ping' },
    'logging/setLevel': { own: 'logLevel' },
  }),
}

/** Without a prototype: `constructor` and `toString` are names of methods like any other, and unknown. */
function table(methods: Record<string, Handling>): Readonly<Record<string, Handling>> {
  return Object.assign(Object.create(null) as Record<string, Handling>, methods)
}
