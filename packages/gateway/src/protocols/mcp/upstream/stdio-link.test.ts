import type { JsonObject } from '@sallyport/core'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { RpcError } from '../wire.ts'
import type { LinkCall } from './link.ts'
import { type StdioLink, openStdioLink } from './stdio-link.ts'

const RESULT_MAX = 20_000
let link: StdioLink | undefined
afterEach(() => link?.close())

/** A process that runs `on(message)` for each line it reads; `say` writes a message. */
function started(on: string, before = ''): StdioLink {
  const program = `
    const say = (m) => process.stdout.write(JSON.stringify(m) + '\\n')
    const result = (id, value) => say({ jsonrpc: '2.0', id, result: value })
    ${before}
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => { const m = JSON.parse(line); ${on} })`
  link = openStdioLink({
    transport: 'stdio',
    command: process.execPath,
    args: ['-e', program],
    env: { NAME: 'value' },
    timeoutMs: 5_000,
    timeoutsMs: {},
    sources: {},
    resultBytesMax: RESULT_MAX,
    pinRecheckMs: 0,
  })
  return link
}

const calling = (more: Partial<LinkCall> = {}): LinkCall => ({
  method: 'tools/call',
  params: {},
  timeoutMs: 5_000,
  signal: new AbortController().signal,
  ...more,
})
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => (error as { code?: unknown }).code,
  )

describe('calls and answers', () => {
  test('answers find their calls in whatever order they come', async () => {
    const { call } = started(
      `(globalThis.q ??= []).push(m); if (q.length === 2) for (const one of q.reverse()) result(one.id, { got: one.params.n })`,
    )
    expect(await Promise.all([call(calling({ params: { n: 1 } })), call(calling({ params: { n: 2 } }))])).toEqual([
      { got: 1 },
      { got: 2 },
    ])
  })

  test('a process gets PATH, HOME and what the configuration says; nothing else of the gateway’s environment', async () => {
    vi.stubEnv('SALLYPORT_SECRET', 'x')
    const { call } = started(`result(m.id, { names: Object.keys(process.env).sort() })`)
    const { names } = (await call(calling())) as { names: string[] }
    vi.unstubAllEnvs()
    expect(names).toEqual(expect.arrayContaining(['HOME', 'NAME', 'PATH']))
    expect(names).not.toContain('SALLYPORT_SECRET')
  })

  test('an error of the server is an RpcError', async () => {
    const { call } = started(`say({ jsonrpc: '2.0', id: m.id, error: { code: -32602, message: 'no' } })`)
    await expect(call(calling())).rejects.toBeInstanceOf(RpcError)
  })

  test.each([['String(m.id)'], ['true'], ['[m.id]'], ['m.id + 1'], ['null']])('an answer with id %s is nobody’s', async (id) => {
    const { call } = started(`result(${id}, {})`)
    expect(await codeOf(call(calling({ timeoutMs: 300 })))).toBe('UPSTREAM_TIMEOUT')
  })

  test('stray lines do not disturb; one that could have been the answer fails the one call it can belong to', async () => {
    const { call } = started(
      `console.log(m.method); console.log('[info] x'); if (m.params.bad) console.log('{"jsonrpc":"2.0","id":1,"id":1}'); else result(m.id, { ok: true })`,
      `console.log('Server started!\\n\\n')`,
    )
    expect(await call(calling())).toEqual({ ok: true })
    expect(await codeOf(call(calling({ params: { bad: true } })))).toBe('UPSTREAM_MALFORMED')
  })

  test('a line over the limit ends the process and every call on it', async () => {
    const { call, ended } = started(`if (m.params.huge) process.stdout.write('{"x":"' + 'x'.repeat(${RESULT_MAX}))`)
    const other = codeOf(call(calling()))
    expect(await codeOf(call(calling({ params: { huge: true } })))).toBe('UPSTREAM_TOO_LARGE')
    expect(await other).toBe('UPSTREAM_TOO_LARGE')
    await ended
    expect(await codeOf(call(calling()))).toBe('UPSTREAM_UNAVAILABLE')
  })

  test('what no longer fits into memory ends the call with the caller’s reason', async () => {
    const { call } = started(`result(m.id, {})`)
    const charge = (): never => {
      throw Object.assign(new Error('full'), { code: 'LIMIT_OVERLOADED' })
    }
    expect(await codeOf(call(calling({ charge })))).toBe('LIMIT_OVERLOADED')
  })
})

describe('processes that fail', () => {
  test('a crash fails all calls at once', async () => {
    const { call, ended } = started(`process.exit(3)`)
    expect(await Promise.all([codeOf(call(calling())), codeOf(call(calling()))])).toEqual([
      'UPSTREAM_UNAVAILABLE',
      'UPSTREAM_UNAVAILABLE',
    ])
    await ended
  })

  test('a command that does not exist', async () => {
    link = openStdioLink({
      transport: 'stdio',
      command: '/nowhere/x',
      args: [],
      env: {},
      timeoutMs: 1,
      timeoutsMs: {},
      sources: {},
      resultBytesMax: RESULT_MAX,
      pinRecheckMs: 0,
    })
    expect(await codeOf(link.call(calling()))).toBe('UPSTREAM_UNAVAILABLE')
    await link.ended
  })

  test('a process that closes its input is ended', async () => {
    const { call, ended } = started(``, `process.stdin.destroy(); require('node:fs').closeSync(0); setInterval(() => {}, 1000)`)
    expect(await codeOf(call(calling({ timeoutMs: 2_000 })))).toMatch(/UPSTREAM_/)
    await codeOf(call(calling({ timeoutMs: 500 })))
    await ended
  })

  test('one that ignores the polite request is killed, even if something it started holds its output', async () => {
    const { call, close } = started(
      `result(m.id, {})`,
      `process.on('SIGTERM', () => {}); require('node:child_process').spawn('sleep', ['20'], { stdio: ['ignore', 'inherit', 'inherit'] }); setInterval(() => {}, 1000)`,
    )
    await call(calling())
    // It and what it started live for twenty seconds and more unless they are killed; the test may take ten.
    await close()
    expect(await call(calling()).catch((error: { code: string }) => error.code)).toBe('UPSTREAM_UNAVAILABLE')
  }, 10_000)

  test('diagnostics are kept, the newest, and bounded', async () => {
    const { call, stderr } = started(`process.stderr.write('x'.repeat(200000) + 'end\\n', () => result(m.id, {}))`)
    await call(calling())
    await vi.waitFor(() => expect(stderr()).toMatch(/end\n$/))
    expect(stderr().length).toBeLessThanOrEqual(65_536)
  })
})

describe('time, cancellation, progress', () => {
  const ECHO = `if (m.method === 'said') result(m.id, { said: globalThis.s ?? [] }); else (globalThis.s ??= []).push(m)`

  test('a call that takes too long is cancelled at the server', async () => {
    const { call } = started(ECHO)
    expect(await codeOf(call(calling({ timeoutMs: 200 })))).toBe('UPSTREAM_TIMEOUT')
    const { said } = (await call(calling({ method: 'said' }))) as { said: JsonObject[] }
    expect(said.at(-1)).toMatchObject({ method: 'notifications/cancelled', params: { requestId: 1 } })
  })

  test('so is one whose caller leaves; one that has left already is never sent', async () => {
    const { call } = started(ECHO)
    const abort = new AbortController()
    const running = codeOf(call(calling({ signal: abort.signal })))
    abort.abort()
    expect(await running).toBe('UPSTREAM_CANCELLED')
    expect(await codeOf(call(calling({ signal: AbortSignal.abort() })))).toBe('UPSTREAM_CANCELLED')
    const { said } = (await call(calling({ method: 'said' }))) as { said: JsonObject[] }
    expect(said.map(({ method }) => method)).toEqual(['tools/call', 'notifications/cancelled'])
  })

  test('progress reaches the call it is about, under a token of our own', async () => {
    const { call } = started(
      `if (m.params.n === 1) globalThis.one = m; else for (const c of [one, m]) { say({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: c.params._meta.progressToken, progress: c.params.n } }); result(c.id, {}) }`,
    )
    const heard: unknown[] = []
    const listening = (n: number): LinkCall =>
      calling({
        params: { n, _meta: { progressToken: 'mine' } },
        onNotification: (_method, { progress }) => heard.push([n, progress]),
      })
    await Promise.all([call(listening(1)), call(listening(2))])
    expect(heard).toEqual([[1, 1], [2, 2]]) // prettier-ignore
  })

  test('changes are events of the link, not of a call', async () => {
    const made = started(`say({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }); result(m.id, {})`)
    const events: string[] = []
    made.onEvent = (method) => events.push(method)
    await made.call(calling({ onNotification: () => expect.unreachable() }))
    expect(events).toEqual(['notifications/tools/list_changed'])
  })
})

describe('questions of the server', () => {
  const ASKS = `if (m.method === 'tools/call') { (globalThis.open ??= []).push(m.id); if (open.length === m.params.after) say({ jsonrpc: '2.0', id: 'q', method: m.params.ask ?? 'roots/list' }) } else for (const id of open) result(id, { answer: m.error ?? m.result })`

  test('with one call in flight the question is that call’s', async () => {
    const { call } = started(ASKS)
    expect(await call(calling({ params: { after: 1 }, onRequest: async (method) => ({ asked: method }) }))).toEqual({
      answer: { asked: 'roots/list' },
    })
  })

  test('with two it could be either agent’s, so it is no', async () => {
    const { call } = started(ASKS)
    const onRequest = (): Promise<JsonObject> => Promise.resolve({ secret: 1 })
    const answers = await Promise.all([
      call(calling({ params: { after: 2 }, onRequest })),
      call(calling({ params: { after: 2 }, onRequest })),
    ])
    expect(answers).toEqual([
      { answer: { code: -32_601, message: 'not available' } },
      { answer: { code: -32_601, message: 'not available' } },
    ])
  })

  test('a ping is answered, whoever is in flight; a failure tells the server nothing', async () => {
    const { call } = started(ASKS)
    expect(await call(calling({ params: { after: 1, ask: 'ping' } }))).toEqual({ answer: {} })
    await link?.close()
    const { call: again } = started(ASKS)
    expect(await again(calling({ params: { after: 1 }, onRequest: () => Promise.reject(new Error('secret')) }))).toEqual({
      answer: { code: -32_603, message: 'internal error' },
    })
  })
})
