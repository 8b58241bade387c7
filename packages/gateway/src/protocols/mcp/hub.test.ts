import type { CompiledManifest, JsonObject, Principal } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { type Hub, type Interest, openHub, watchResource } from './hub.ts'
import type { Reply } from './reply.ts'
import type { Upstream } from './upstream/upstream.ts'
import { META } from './wire.ts'

const principal = (agent = 'buyer', session = 's1'): Principal => ({
  agent,
  credential: 'k',
  method: 'agent_key',
  task: 't',
  session,
  epoch: 0,
})
/** A manifest as far as lists are concerned: one task that is granted one tool of `erp`. */
const manifest = {
  agent: 'buyer',
  denied: new Set(),
  tasks: new Map([['t', { tools: new Map([['erp.read', {}]]), prompts: new Map(), resources: { exact: new Map() } }]]),
} as unknown as CompiledManifest
const ALL: Interest = { tools: true, prompts: true, resources: true, uris: new Set() }

function listening(
  hub: Hub,
  more: { who?: Principal; id?: number; interest?: Interest } = {},
): { said: [string, JsonObject][]; remove: () => void } {
  const said: [string, JsonObject][] = []
  const reply = { notify: (method: string, params: JsonObject) => said.push([method, params]) } as unknown as Reply
  const { who = principal(), id, interest = ALL } = more
  return {
    said,
    remove: hub.add({
      principal: who,
      reply,
      interest,
      end: () => void said.push(['ended', {}]),
      ...(id === undefined ? {} : { id }),
    }),
  }
}
const opened = (streamsMax = 10): Hub => openHub({ manifest: (agent) => (agent === 'buyer' ? manifest : undefined), streamsMax })
const TOOLS = 'notifications/tools/list_changed'

describe('changes reach those who may know of them', () => {
  test.each<[string, string, Interest, Principal, number]>([
    ['a granted server', 'erp', ALL, principal(), 1],
    ['a server the agent has nothing of', 'mail', ALL, principal(), 0],
    ['a client that did not ask', 'erp', { ...ALL, tools: false }, principal(), 0],
    ['an agent without a manifest', 'erp', ALL, principal('other'), 0],
    ['a credential without a task', 'erp', ALL, { ...principal(), task: 'unknown' }, 0],
  ])('%s', (_title, server, interest, who, times) => {
    const hub = opened()
    const { said } = listening(hub, { who, interest })
    hub.publish(server, TOOLS, { secret: 1 })
    expect(said).toEqual(Array.from({ length: times }, () => [TOOLS, {}]))
  })

  test('a stream that was asked for is named in what it carries', () => {
    const hub = opened()
    const { said } = listening(hub, { id: 7 })
    hub.publish('erp', TOOLS, {})
    expect(said).toEqual([[TOOLS, { _meta: { [META.subscription]: 7 } }]])
  })

  test.each(['constructor', 'notifications/message', 'toString', 'notifications/resources/updated'])(
    '%s is nothing to pass on',
    (method) => {
      const hub = opened()
      const { said } = listening(hub)
      hub.publish('erp', method, { uri: 'x:not-granted' })
      expect(said).toEqual([])
    },
  )

  test('a change of grants is told to the agent it is about, for what it asked', () => {
    const hub = opened()
    const mine = listening(hub, { interest: { ...ALL, prompts: false } })
    const other = listening(hub, { who: principal('other') })
    hub.changed('buyer')
    expect(mine.said.map(([method]) => method)).toEqual([TOOLS, 'notifications/resources/list_changed'])
    expect(other.said).toEqual([])
  })
})

describe('limits', () => {
  test('streams are counted, and one that ends makes room', () => {
    const hub = opened(1)
    const { remove } = listening(hub)
    expect(() => listening(hub)).toThrow(expect.objectContaining({ code: 'LIMIT_OVERLOADED' }))
    remove()
    listening(hub)
    expect(hub.size()).toBe(1)
  })

  test('subscriptions of one session are bounded', () => {
    const hub = opened()
    for (let at = 0; at < 1_000; at++) hub.subscribe('s1', `x:${at}`, true)
    expect(() => hub.subscribe('s1', 'x:more', true)).toThrow(expect.objectContaining({ code: 'LIMIT_OVERLOADED' }))
    hub.subscribe('s1', 'x:0', false)
    hub.subscribe('s1', 'x:more', true)
  })
})

describe('watching a resource', () => {
  function server(era: 'modern' | 'legacy'): { upstream: Upstream; calls: [string, JsonObject][]; finish: () => void } {
    const calls: [string, JsonObject][] = []
    const open = Promise.withResolvers<JsonObject>()
    const call = ({ method, params }: { method: string; params: JsonObject }): Promise<JsonObject> => (
      calls.push([method, params]),
      era === 'legacy' ? Promise.resolve({}) : open.promise
    )
    const connection = { era, link: { onEvent: () => {} }, call }
    return {
      upstream: { connect: () => Promise.resolve(connection) } as unknown as Upstream,
      calls,
      finish: () => open.resolve({}),
    }
  }
  const { signal } = new AbortController()

  test('handshake era: the server is told', async () => {
    const { upstream, calls } = server('legacy')
    await watchResource(upstream, { context: '', uri: 'x:1', signal })
    expect(calls).toEqual([['resources/subscribe', { uri: 'x:1' }]])
  })

  test('stateless revision: one stream for each resource however often it is asked for, and not without end', async () => {
    const { upstream, calls, finish } = server('modern')
    const watch = (uri: string): Promise<void> => watchResource(upstream, { context: '', uri, signal })
    await watch('x:1')
    await watch('x:1')
    expect(calls).toEqual([['subscriptions/listen', { notifications: { resourceSubscriptions: ['x:1'] } }]])
    for (let at = 2; at <= 32; at++) await watch(`x:${at}`)
    await expect(watch('x:33')).rejects.toMatchObject({ code: 'LIMIT_OVERLOADED' })
    finish()
    await new Promise((resolve) => setImmediate(resolve))
    await watch('x:33')
  })
})
