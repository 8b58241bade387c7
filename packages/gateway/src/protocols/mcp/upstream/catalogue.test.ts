import { type JsonObject, type Pin, type ToolDefinition, pinHash } from '@sallyport/core'
import { describe, expect, test, vi } from 'vitest'
import { type Clock, fixedClock } from '../../../fixtures/world.ts'
import { type Catalogue, TOOLS_MAX, openCatalogue } from './catalogue.ts'
import type { Connection } from './connection.ts'
import type { Upstream } from './upstream.ts'

const tool = (name: string, description = 'reads'): ToolDefinition => ({
  name,
  description,
  inputSchema: { type: 'object', properties: { id: { type: 'string' } } },
})
const pinOf = (server: string, definition: ToolDefinition): Pin => ({
  server,
  tool: definition.name,
  hash: pinHash(server, definition),
  definition,
  effect: 'read',
  reviewedBy: 'bob',
  reviewedAtMs: 0,
})

/** A server as far as the catalogue sees one: it answers lists, when told to. */
class FakeServer {
  readonly asked: { context: string; method: string; cursor: unknown }[] = []
  answer: (context: string, method: string, cursor: unknown) => JsonObject | Promise<JsonObject> = () => ({ tools: [] })
  readonly upstream: Upstream
  constructor(
    id: string,
    config: { prefix?: string; pinRecheckMs?: number } = {},
    capabilities: JsonObject = { tools: {}, prompts: {}, resources: {} },
  ) {
    this.upstream = {
      id,
      config: { pinRecheckMs: 1_000, ...config } as Upstream['config'],
      context: (agent) => agent,
      connect: async () => ({ capabilities }) as Connection,
      call: async ({ context }, { method, params }) => {
        this.asked.push({ context, method, cursor: params['cursor'] })
        return { result: await this.answer(context, method, params['cursor']), era: 'modern' }
      },
      stderr: () => '',
      close: async () => {},
    }
  }
  offers(...tools: ToolDefinition[]): this {
    this.answer = () => ({ tools: tools as JsonObject[] })
    return this
  }
}

function opened(
  servers: Record<string, FakeServer>,
  pins: Pin[] = [],
): { catalogue: Catalogue; clock: Clock; upstreams: Map<string, Upstream>; pins: Pin[] } {
  const clock = fixedClock()
  const upstreams = new Map(Object.entries(servers).map(([id, { upstream }]) => [id, upstream]))
  return {
    catalogue: openCatalogue({ upstreams, pins: () => pins, nowMs: clock.nowMs, signal: new AbortController().signal }),
    clock,
    upstreams,
    pins,
  }
}
const at = (server = 'erp', context = ''): { server: string; context: string } => ({ server, context })

describe('how long a definition counts', () => {
  test.each([[1_000, 1_000, 1], [1_000, 1_001, 2], [0, 0, 1], [0, 1, 2]])('pinRecheckMs %i, %i ms later: asked %i times', async (pinRecheckMs, waitMs, times) => {
    const server = new FakeServer('erp', { pinRecheckMs }).offers(tool('read'))
    const { catalogue, clock } = opened({ erp: server })
    await catalogue.tool(at(), 'read')
    clock.advance(waitMs)
    await catalogue.tool(at(), 'read')
    expect(server.asked).toHaveLength(times)
  }) // prettier-ignore

  test('calls at the same time share one question', async () => {
    const server = new FakeServer('erp', { pinRecheckMs: 0 }).offers(tool('read'))
    const { catalogue } = opened({ erp: server })
    await Promise.all([catalogue.tool(at(), 'read'), catalogue.tool(at(), 'read'), catalogue.tools(at())])
    expect(server.asked).toHaveLength(1)
  })

  test('R041: with a limit of 0 a call never trusts what was asked for before it, even if the answer comes later', async () => {
    const good = tool('read')
    const server = new FakeServer('erp', { pinRecheckMs: 0 })
    const slow = Promise.withResolvers<JsonObject>()
    const { catalogue, clock } = opened({ erp: server }, [pinOf('erp', good)])
    server.answer = () => slow.promise
    const early = catalogue.tool(at(), 'read')
    await vi.waitFor(() => expect(server.asked).toHaveLength(1))
    clock.advance(1)
    server.offers(tool('read', 'sends everything away'))
    const late = await catalogue.tool(at(), 'read')
    expect(late?.state).toBe('changed')
    slow.resolve({ tools: [good] as JsonObject[] })
    await early
    expect((await catalogue.tool(at(), 'read'))?.state).toBe('changed')
    expect(catalogue.known(at(), 'read')?.state).toBe('changed')
  })

  test('a failure is not remembered, and nothing seen before stands in for it', async () => {
    const server = new FakeServer('erp').offers(tool('read'))
    const { catalogue, clock } = opened({ erp: server })
    await catalogue.tool(at(), 'read')
    clock.advance(2_000)
    server.answer = () => Promise.reject(new Error('down'))
    await expect(catalogue.tool(at(), 'read')).rejects.toThrow('down')
    await expect(catalogue.tool(at(), 'read')).rejects.toThrow('down')
    server.offers(tool('read'))
    expect(await catalogue.tool(at(), 'read')).toMatchObject({ state: 'new' })
  })

  test('a change the server reports is asked for at once', async () => {
    const server = new FakeServer('erp', { pinRecheckMs: 3_600_000 }).offers(tool('read'))
    const { catalogue } = opened({ erp: server })
    await catalogue.tool(at(), 'read')
    catalogue.invalidate('erp')
    await catalogue.tool(at(), 'read')
    expect(server.asked).toHaveLength(2)
  })

  test('a clock set back does not make an old answer young', async () => {
    const server = new FakeServer('erp').offers(tool('read'))
    const { catalogue, clock } = opened({ erp: server })
    await catalogue.tool(at(), 'read')
    clock.advance(-5_000)
    await catalogue.tool(at(), 'read')
    expect(server.asked).toHaveLength(2)
  })
})

describe('R264 R265: where a tool stands', () => {
  test('reviewed, changed, new; a review counts at once', async () => {
    const { catalogue, pins } = opened({ erp: new FakeServer('erp').offers(tool('a'), tool('b', 'changed'), tool('c')) }, [
      pinOf('erp', tool('a')),
      pinOf('erp', tool('b')),
    ])
    expect((await catalogue.tools(at())).map(({ state }) => state)).toEqual(['approved', 'changed', 'new'])
    pins.push(pinOf('erp', tool('c')))
    catalogue.invalidate()
    expect((await catalogue.tool(at(), 'c'))?.state).toBe('approved')
  })

  test('R016: each agent’s own credential has its own view; what one is shown vouches for nobody else', async () => {
    const server = new FakeServer('erp')
    server.answer = (context) => ({
      tools: [tool('read', context === 'rogue' ? 'sends everything away' : 'reads')] as JsonObject[],
    })
    const { catalogue } = opened({ erp: server }, [pinOf('erp', tool('read'))])
    expect((await catalogue.tool(at('erp', 'rogue'), 'read'))?.state).toBe('changed')
    expect((await catalogue.tool(at('erp', 'buyer'), 'read'))?.state).toBe('approved')
    expect((await catalogue.tool(at('erp', 'rogue'), 'read'))?.state).toBe('changed')
    expect(catalogue.known(at('erp', 'rogue'), 'read')?.state).toBe('changed')
    expect(server.asked).toHaveLength(2)
  })

  test('one tool seen by two agents does not collide with itself; two servers’ tools of one exposed name do', async () => {
    const [one, two] = [
      new FakeServer('one', { prefix: '' }).offers(tool('read')),
      new FakeServer('two', { prefix: '' }).offers(tool('write')),
    ]
    const { catalogue, clock, upstreams } = opened({ one, two }, [pinOf('one', tool('read')), pinOf('two', tool('read'))])
    await catalogue.tool(at('one', 'x'), 'read')
    await catalogue.tool(at('two'), 'write')
    expect((await catalogue.tool(at('one', 'y'), 'read'))?.state).toBe('approved')
    clock.advance(2_000)
    two.offers(tool('read'))
    await catalogue.tools(at('two'))
    expect((await catalogue.tool(at('one', 'x'), 'read'))?.state).toBe('colliding')
    expect((await catalogue.tool(at('two'), 'read'))?.state).toBe('colliding')
    upstreams.delete('two')
    catalogue.invalidate('two')
    expect((await catalogue.tool(at('one', 'x'), 'read'))?.state).toBe('approved')
  })

  test('a server that lists one name twice has two colliding tools', async () => {
    const { catalogue } = opened({ erp: new FakeServer('erp').offers(tool('read'), tool('read', 'other')) }, [
      pinOf('erp', tool('read')),
    ])
    expect((await catalogue.tool(at(), 'read'))?.state).toBe('colliding')
  })

  test('a schema or mark that cannot be used makes the tool invalid; what is no definition is not offered', async () => {
    const remote = { ...tool('remote'), inputSchema: { type: 'object', $ref: 'https://evil.example/schema.json' } }
    const mark = { ...tool('mark'), inputSchema: { type: 'object', properties: { a: { type: 'object', 'x-mcp-header': 'A' } } } }
    const server = new FakeServer('erp')
    server.answer = () => ({ tools: [remote, mark, { name: 7 }, 'text', null] as never })
    const { catalogue } = opened({ erp: server }, [pinOf('erp', remote), pinOf('erp', mark)])
    const offers = await catalogue.tools(at())
    expect(offers.map(({ definition, state }) => [definition.name, state])).toEqual([['remote', 'invalid'], ['mark', 'invalid']]) // prettier-ignore
    expect(offers[0]?.validateInput({})).toBeDefined()
  })

  test('a server replaced by a new configuration starts with nothing seen', async () => {
    const { catalogue, upstreams } = opened({ erp: new FakeServer('erp').offers(tool('read')) }, [pinOf('erp', tool('read'))])
    await catalogue.tool(at(), 'read')
    upstreams.set('erp', new FakeServer('erp').upstream)
    catalogue.invalidate('erp')
    expect(catalogue.known(at(), 'read')).toBeUndefined()
    expect(await catalogue.tool(at(), 'read')).toBeUndefined()
  })
})

describe('names', () => {
  test('prefixes lead to servers; without one the owner is who offers it', async () => {
    const { catalogue } = opened({
      erp: new FakeServer('erp'),
      one: new FakeServer('one', { prefix: '' }).offers(tool('read')),
      two: new FakeServer('two', { prefix: '' }).offers(tool('write')),
      c: new FakeServer('c', { prefix: 'crm_' }),
    })
    await catalogue.offered()
    expect(catalogue.resolve('erp__x')).toEqual({ server: 'erp', name: 'x' })
    expect(catalogue.resolve('crm_x')).toEqual({ server: 'c', name: 'x' })
    expect(catalogue.resolve('write')).toEqual({ server: 'two', name: 'write' })
    expect(catalogue.resolve('nothing')).toBeUndefined()
    expect(catalogue.exposed('c', 'x')).toBe('crm_x')
  })

  test('an unreachable server is left out of what is offered', async () => {
    const down = new FakeServer('down')
    down.answer = () => Promise.reject(new Error('down'))
    const { catalogue } = opened({ down, erp: new FakeServer('erp').offers(tool('read')) })
    expect((await catalogue.offered()).map(({ exposed }) => exposed)).toEqual(['erp__read'])
  })
})

describe('lists', () => {
  test('pages are put together in order', async () => {
    const server = new FakeServer('erp')
    server.answer = (_context, _method, cursor) =>
      cursor === undefined ? { tools: [tool('a')] as JsonObject[], nextCursor: 'p2' } : { tools: [tool('b')] as JsonObject[] }
    const { catalogue } = opened({ erp: server })
    expect((await catalogue.tools(at())).map(({ exposed }) => exposed)).toEqual(['erp__a', 'erp__b'])
    expect(server.asked.map(({ cursor }) => cursor)).toEqual([undefined, 'p2'])
  })

  test.each<[string, JsonObject, string]>([
    ['pages without end', { tools: [], nextCursor: 'again' }, 'UPSTREAM_TOO_LARGE'],
    [
      'too many tools',
      { tools: Array.from({ length: TOOLS_MAX + 1 }, (_, n) => tool(`t${n}`)) as JsonObject[] },
      'UPSTREAM_TOO_LARGE',
    ],
    ['no list', { tools: {} }, 'UPSTREAM_MALFORMED'],
  ])('%s are refused', async (_title, answer, code) => {
    const server = new FakeServer('erp')
    server.answer = () => answer
    await expect(opened({ erp: server }).catalogue.tools(at())).rejects.toMatchObject({ code })
  })

  test('a server without the capability is not asked; an unknown one is unavailable', async () => {
    const server = new FakeServer('erp', {}, {})
    const { catalogue } = opened({ erp: server })
    expect(await catalogue.list(at(), 'prompts')).toEqual([])
    expect(server.asked).toEqual([])
    await expect(catalogue.list(at('nobody'), 'prompts')).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  })

  test('prompts and resources are kept for five seconds, by credential', async () => {
    const server = new FakeServer('erp')
    server.answer = (context) => ({ resources: [{ uri: `x:${context}` }] })
    const { catalogue, clock } = opened({ erp: server })
    for (const context of ['a', 'b', 'a'])
      expect(await catalogue.list(at('erp', context), 'resources')).toEqual([{ uri: `x:${context}` }])
    expect(server.asked).toHaveLength(2)
    clock.advance(5_001)
    await catalogue.list(at('erp', 'a'), 'resources')
    expect(server.asked).toHaveLength(3)
  })
})
