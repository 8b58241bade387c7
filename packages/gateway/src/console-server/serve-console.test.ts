import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FOLLOWERS_MAX } from '../control/serve.ts'
import { exchange, openConsoleWorld, type Browser, type ConsoleWorld } from '../fixtures/console-world.ts'
import { ROUTES } from './openapi.ts'

const filesDir = mkdtempSync(join(tmpdir(), 'sallyport-pages-'))
let world: ConsoleWorld
let ann: Browser
let port: number

beforeAll(async () => {
  mkdirSync(join(filesDir, 'assets'))
  writeFileSync(join(filesDir, 'index.html'), '<!doctype html><title>pages</title>')
  writeFileSync(join(filesDir, 'assets', 'a-1.js'), 'export {}')
  writeFileSync(join(filesDir, 'secret.key'), 'secret')
  world = await openConsoleWorld({ filesDir })
  port = Number(new URL(world.origin).port)
  ann = await world.enrolled('ann', ['owner'])
})
afterAll(async () => {
  await world.close()
  rmSync(filesDir, { recursive: true })
})

describe('R284: signing in over HTTP', () => {
  test('a link, a passkey, a session in a cookie no script can read; signing out ends it', async () => {
    const browser = await world.enrolled('bea', ['approver'])
    expect(await browser.get('/api/v1/session')).toMatchObject({
      status: 200,
      body: { user: 'bea', method: 'passkey', passkeys: 1 },
    })
    await browser.post('/api/v1/sign-out', { body: {} })
    expect(browser.cookie).toBe('')
    expect(await browser.get('/api/v1/session')).toMatchObject({ status: 401, body: { code: 'IDENTITY_MISSING' } })
    const { body } = await browser.post('/api/v1/sign-in/passkey/options', { body: {} })
    const { challenge } = body['options'] as { challenge: string }
    const response = browser.passkey.assert({ challenge, rpId: 'localhost', origin: world.origin })
    const said = await browser.post('/api/v1/sign-in/passkey', { body: { response } })
    expect(said).toMatchObject({ status: 200, body: { user: 'bea', method: 'passkey' } })
    expect(String(said.headers['set-cookie'])).toMatch(/^sallyport=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/)
    expect(said.text).not.toContain(browser.cookie.slice('sallyport='.length))
  })

  test('a stolen cookie is worth nothing after signing out', async () => {
    const browser = await world.enrolled('cleo', ['approver'])
    const stolen = browser.cookie
    await browser.post('/api/v1/sign-out', { body: {} })
    expect(await browser.get('/api/v1/session', { headers: { cookie: stolen } })).toMatchObject({ status: 401 })
  })

  test('a session that was set before signing in is not the one after (fixation)', async () => {
    const browser = world.browser()
    browser.cookie = `sallyport=${randomBytes(32).toString('base64url')}`
    const before = browser.cookie
    await world.asOlga('user.create', { user: 'dora', roles: ['approver'] })
    const { token } = await world.asOlga('user.link', { user: 'dora' })
    await browser.post('/api/v1/sign-in/link', { body: { token } })
    expect(browser.cookie).not.toBe(before)
    for (const cookie of [`${before}; ${browser.cookie}`, `${browser.cookie}; ${before}`])
      expect(await browser.get('/api/v1/session', { headers: { cookie } })).toMatchObject({ status: 401 })
  })

  test('opening a link with GET or HEAD uses nothing up', async () => {
    const { token } = await world.asOlga('user.link', { user: 'ann' })
    for (const method of ['GET', 'HEAD'])
      for (const path of [`/enrol?token=${token}`, `/api/v1/sign-in/link?token=${token}`, `/enrol/${token}`])
        await exchange(port, { method, path, headers: {} })
    expect(await world.browser().post('/api/v1/sign-in/link', { body: { token } })).toMatchObject({ status: 200 })
  })

  test.each([
    ['an agent key as a cookie', (secret: string) => ({ cookie: `sallyport=${secret}` })],
    ['an agent key as a bearer token', (secret: string) => ({ authorization: `Bearer ${secret}` })],
    ['a session token of an agent', () => ({ authorization: 'Bearer spt_x' })],
  ])('agents are no people: %s is refused', async (_, headers) => {
    const agent = `a${randomBytes(4).toString('hex')}`
    const { secret } = await world.asOlga('agent.create', { agent })
    for (const { verb, path } of ROUTES.slice(0, 12)) {
      const said = await exchange(port, {
        method: 'POST',
        path: `/api/v1${path}`,
        text: '{}',
        headers: { origin: world.origin, 'content-type': 'application/json', ...headers(secret) },
      })
      expect([401, 403], verb.name).toContain(said.status)
    }
  })

  test('attempts are counted by address, and the limit holds for what is right as well', async () => {
    const other = await openConsoleWorld()
    try {
      const statuses = []
      for (let i = 0; i < 31; i++)
        statuses.push(
          (await other.browser().post('/api/v1/sign-in/link', { body: { token: randomBytes(32).toString('base64url') } })).status,
        )
      expect(statuses).toEqual([...Array<number>(30).fill(401), 429])
      const { token } = await other.asOlga('user.link', { user: 'olga' })
      const said = await other.browser().post('/api/v1/sign-in/link', { body: { token } })
      expect(said).toMatchObject({ status: 429, body: { code: 'LIMIT_RATE' } })
      expect(Number(said.headers['retry-after'])).toBeGreaterThan(0)
    } finally {
      await other.close()
    }
  })
  test('behind a proxy the address that it saw counts, not one that the caller made up', async () => {
    const other = await openConsoleWorld({ people: '  trustProxy: true\n' })
    try {
      const attempt = async (forwarded: string): Promise<number> => {
        const headers = { 'x-forwarded-for': forwarded }
        return (await other.browser().post('/api/v1/sign-in/link', { body: { token: 'x' }, headers })).status
      }
      const own = []
      for (let i = 0; i < 31; i++) own.push(await attempt(`10.0.0.${i}, 192.0.2.1`))
      expect(own.at(-1)).toBe(429)
      expect(await attempt('10.0.0.1, 192.0.2.2')).not.toBe(429)
    } finally {
      await other.close()
    }
  })
})

describe('R284: what changes something comes from a page of this session', () => {
  const create = { user: 'x', roles: [] }
  const bad: [string, () => Record<string, string>][] = [
    ['no CSRF token', () => ({ 'sallyport-csrf': '' })],
    ['another CSRF token', () => ({ 'sallyport-csrf': randomBytes(32).toString('base64url') })],
    ['a foreign origin', () => ({ origin: 'http://evil.example' })],
    ['the origin of another port', () => ({ origin: 'http://localhost:1' })],
    ['an opaque origin', () => ({ origin: 'null' })],
    ['a foreign host', () => ({ host: 'evil.example' })],
    ['a name that was bound to this address', () => ({ host: `evil.example:${port}`, origin: `http://evil.example:${port}` })],
    ['another site', () => ({ 'sec-fetch-site': 'cross-site' })],
  ]
  test.each(bad)('%s is refused', async (_, headers) => {
    const said = await ann.post('/api/v1/user/create', { body: create, headers: headers() })
    expect(said).toMatchObject({ status: 403, body: { code: 'REQUEST_ORIGIN' } })
    expect(said.headers['content-type']).toContain('application/problem+json')
  })

  test.each([
    ['a form', 'application/x-www-form-urlencoded', 'a=b', 415],
    ['plain text', 'text/plain', '{}', 415],
    ['no JSON', 'application/json', '{', 400],
    ['no object', 'application/json', '[]', 400],
    ['a prototype', 'application/json', '{"__proto__":{"roles":["owner"]},"user":"y","roles":[]}', 400],
    ['too much', 'application/json', `"${'x'.repeat(1_048_577)}"`, 413],
  ])('%s is refused', async (_, type, text, status) => {
    const headers = { origin: world.origin, 'content-type': type, cookie: ann.cookie, 'sallyport-csrf': ann.csrf }
    expect(await exchange(port, { method: 'POST', path: '/api/v1/user/create', headers, text })).toMatchObject({ status })
  })

  test('without an Origin nothing is taken', async () => {
    const headers = { 'content-type': 'application/json', cookie: ann.cookie, 'sallyport-csrf': ann.csrf }
    expect(await exchange(port, { method: 'POST', path: '/api/v1/sign-out', headers, text: '{}' })).toMatchObject({ status: 403 })
  })

  test('a header that breaks out of the answer does not', async () => {
    const headers = { cookie: ann.cookie, 'last-event-id': '1' }
    expect(
      await exchange(port, { method: 'GET', path: '/api/v1/live?from=%0d%0aset-cookie:%20a=b', headers: { cookie: ann.cookie } }),
    ).toMatchObject({ status: 400 })
    const said = await exchange(port, { method: 'GET', path: '/%0d%0aset-cookie:%20a=b', headers })
    expect(said.headers['set-cookie']).toBeUndefined()
  })
})

describe('the API', () => {
  test('R284: what matters is confirmed with the passkey over exactly this request', async () => {
    const input = { user: 'emil', roles: ['engineer'] }
    expect(await ann.post('/api/v1/user/create', { body: input })).toMatchObject({
      status: 403,
      body: { code: 'IDENTITY_CONFIRM' },
    })
    expect(await ann.confirm('/api/v1/user/create', 'user.create', input)).toMatchObject({ status: 200, body: { user: 'emil' } })
    const { body } = await ann.post('/api/v1/confirm/options', { body: { verb: 'user.create', input } })
    const { confirm, options } = body as unknown as { confirm: object; options: { challenge: string } }
    const response = ann.passkey.assert({ challenge: options.challenge, rpId: 'localhost', origin: world.origin })
    const header = Buffer.from(JSON.stringify({ ...confirm, response })).toString('base64url')
    const other = await ann.post('/api/v1/user/create', {
      body: { user: 'eve', roles: ['owner'] },
      headers: { 'sallyport-confirm': header },
    })
    expect(other).toMatchObject({ status: 401, body: { code: 'IDENTITY_INVALID' } })
  })

  test('reads come as GET, with an ETag; what did not change is not sent again', async () => {
    const said = await ann.get('/api/v1/user/list')
    expect(said).toMatchObject({ status: 200, body: { users: expect.arrayContaining([expect.objectContaining({ id: 'ann' })]) } })
    const again = await ann.get('/api/v1/user/list', { headers: { 'if-none-match': String(said.headers['etag']) } })
    expect(again).toMatchObject({ status: 304, text: '' })
    expect(await ann.get('/api/v1/audit/tail?limit=2')).toMatchObject({
      status: 200,
      body: { entries: [expect.anything(), expect.anything()] },
    })
    expect(await ann.get('/api/v1/audit/tail?limit=two')).toMatchObject({ status: 400, body: { code: 'REQUEST_PARAMS' } })
    expect(await ann.get('/api/v1/audit/tail?limit=2&limit=3')).toMatchObject({ status: 400 })
    expect(await ann.get('/api/v1/audit/tail?__proto__=2')).toMatchObject({ status: 400 })
    expect(await ann.get('/api/v1/user/create?user=z')).toMatchObject({ status: 404 })
  })

  test('If-Match keeps somebody from undoing what they have not seen', async () => {
    await world.asOlga('user.create', { user: 'fay', roles: ['engineer'] })
    const etag = async (): Promise<string> => {
      const { users } = (await ann.get('/api/v1/user/list')).body as unknown as { users: { id: string; etag: string }[] }
      return users.find(({ id }) => id === 'fay')?.etag ?? ''
    }
    const old = await etag()
    await world.asOlga('user.update', { user: 'fay', roles: ['approver'], reason: 'moved' })
    const update = { user: 'fay', roles: ['engineer'], reason: 'back' }
    const confirmed = async (tag: string): Promise<number> => {
      const { body } = await ann.post('/api/v1/confirm/options', { body: { verb: 'user.update', input: update } })
      const { confirm, options } = body as unknown as { confirm: object; options: { challenge: string } }
      const response = ann.passkey.assert({ challenge: options.challenge, rpId: 'localhost', origin: world.origin })
      const header = Buffer.from(JSON.stringify({ ...confirm, response })).toString('base64url')
      return (
        await ann.post('/api/v1/user/update', { body: update, headers: { 'sallyport-confirm': header, 'if-match': `"${tag}"` } })
      ).status
    }
    expect(await confirmed(old)).toBe(412)
    expect(await confirmed(await etag())).toBe(200)
    expect(
      await ann.post('/api/v1/isolate', { body: { agent: 'x', reason: 'why not' }, headers: { 'if-match': '"x"' } }),
    ).toMatchObject({ status: 400 })
  })

  test('an Idempotency-Key makes one act of two requests, and never of two different ones', async () => {
    await world.asOlga('agent.create', { agent: 'twice' })
    const isolate = (reason: string): Promise<number> =>
      ann
        .post('/api/v1/isolate', { body: { agent: 'twice', reason }, headers: { 'idempotency-key': 'k1' } })
        .then(({ status }) => status)
    expect(await Promise.all([isolate('too loud'), isolate('too loud')])).toEqual([200, 200])
    expect(await isolate('another reason')).toBe(409)
    expect(await ann.post('/api/v1/isolate', { body: { agent: 'twice', reason: 'too loud' } })).toMatchObject({ status: 409 })
    const bea = await world.enrolled('gil', ['security'])
    const theirs = await bea.post('/api/v1/isolate', {
      body: { agent: 'twice', reason: 'too loud' },
      headers: { 'idempotency-key': 'k1' },
    })
    expect(theirs).toMatchObject({ status: 409, body: { code: 'CONFLICT' } })
  })

  test('R284 R134: roles hold over HTTP, and every refusal is in the log under its person', async () => {
    const hal = await world.enrolled('hal', ['engineer'])
    expect(await hal.get('/api/v1/audit/tail')).toMatchObject({ status: 403, body: { code: 'IDENTITY_FORBIDDEN' } })
    const { may } = (await hal.get('/api/v1/session')).body
    expect(may).toEqual(ROUTES.filter(({ verb }) => verb.roles.includes('engineer')).map(({ verb }) => verb.name))
    expect(await ann.post('/api/v1/audit/export', { body: { dir: '/tmp/x', purpose: 'none' } })).toMatchObject({ status: 404 })
    const { body } = await ann.get('/api/v1/audit/tail?limit=2')
    expect(body['entries']).toContainEqual(
      expect.objectContaining({
        type: 'admin',
        verb: 'audit.tail',
        outcome: 'refused',
        actor: expect.objectContaining({ id: 'hal' }),
      }),
    )
  })

  test('is described as OpenAPI 3.1: every verb, its roles, what has to be confirmed', async () => {
    const { body } = await ann.get('/api/v1/openapi.json')
    const paths = body['paths'] as Record<string, Record<string, Record<string, unknown>>>
    expect(body['openapi']).toMatch(/^3\.1\./)
    expect(Object.keys(paths).sort()).toEqual(ROUTES.map(({ path }) => path).sort())
    expect(paths['/user/create']?.['post']).toMatchObject({ 'x-sallyport-roles': ['owner', 'admin'], 'x-sallyport-confirm': true })
    expect(paths['/user/create']?.['get']).toBeUndefined()
  })
})

describe('R267: live', () => {
  test('entries come as they are written; a reader who was away goes on where it was; it ends with the session', async () => {
    const ivy = await world.enrolled('ivy', ['auditor'])
    const { sessions, events, close } = await follow(ivy.cookie)
    expect(sessions).toBe(200)
    await world.asOlga('agent.create', { agent: 'live-one' })
    const seen = await events((text) => text.includes('live-one'))
    const last = /id: (\d+)\n(?!.*id: )/s.exec(seen)?.[1] ?? ''
    close()
    await world.asOlga('agent.create', { agent: 'live-two' })
    const again = await follow(ivy.cookie, { 'last-event-id': last })
    const more = await again.events((text) => text.includes('live-two'))
    expect(Number(/id: (\d+)/.exec(more)?.[1])).toBe(Number(last) + 1)
    await ivy.post('/api/v1/sign-out', { body: {} })
    expect(await again.events((text) => text.includes('event: problem'))).toContain('IDENTITY_INVALID')
    const { body } = await ann.get('/api/v1/audit/search?query={"verb":"audit.tail","user":"ivy"}&purpose=looking')
    const ends = (body['entries'] as unknown as { detail: { live?: string; to?: number } }[]).filter(
      ({ detail }) => detail.live === 'ended',
    )
    expect(ends).toHaveLength(2)
    expect(ends.at(-1)?.detail.to).toBeGreaterThan(Number(last))
  })

  test('R178: however many read live, there is room for whoever does something', async () => {
    const kay = await world.enrolled('kay', ['auditor'])
    const open = []
    for (let i = 0; i < FOLLOWERS_MAX; i++) open.push(await follow(kay.cookie))
    expect(await kay.get('/api/v1/live')).toMatchObject({ status: 503, body: { code: 'LIMIT_OVERLOADED' } })
    await world.asOlga('agent.create', { agent: 'crowded' })
    for (const { close } of open) close()
    await expect
      .poll(async () => {
        const again = await follow(kay.cookie)
        again.close()
        return again.sessions
      })
      .toBe(200)
  })

  test('whoever may not read the log may not follow it', async () => {
    const jan = await world.enrolled('jan', ['engineer'])
    expect((await jan.get('/api/v1/live')).body).toMatchObject({ code: 'IDENTITY_FORBIDDEN', status: 403 })
    expect((await world.browser().get('/api/v1/live')).status).toBe(401)
  })
})

describe('pages', () => {
  test('are served under a strict policy, and nothing else of the disk is', async () => {
    const said = await world.browser().get('/approvals/123')
    expect(said).toMatchObject({ status: 200, text: expect.stringContaining('pages') })
    expect(said.headers['content-security-policy']).toContain("default-src 'none'")
    expect(said.headers['content-security-policy']).not.toMatch(/unsafe|\*|https?:/)
    expect(said.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
    expect((await world.browser().get('/assets/a-1.js')).headers['cache-control']).toContain('immutable')
    for (const path of [
      '/secret.key',
      '/..%2fsecret.key',
      '/../package.json',
      '/assets/../secret.key',
      '//etc/passwd',
      '/%2e%2e/secret.key',
    ])
      expect((await exchange(port, { method: 'GET', path, headers: {} })).text).not.toContain('secret')
  })

  test('the address of this machine leads to the name that passkeys are bound to, and nowhere else', async () => {
    const said = await exchange(port, { method: 'GET', path: '//evil.example/x', headers: { host: `127.0.0.1:${port}` } })
    expect(said).toMatchObject({ status: 302, headers: { location: world.origin } })
    expect(await exchange(port, { method: 'GET', path: '/api/v1/session', headers: { host: `127.0.0.1:${port}` } })).toMatchObject({
      status: 403,
    })
  })
})

/** Reads server-sent events until something is in them. */
async function follow(cookie: string, headers: Record<string, string> = {}) {
  const ended = new AbortController()
  const response = await fetch(`${world.origin}/api/v1/live`, { headers: { cookie, ...headers }, signal: ended.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    sessions: response.status,
    close: () => ended.abort(),
    async events(isThere: (text: string) => boolean): Promise<string> {
      while (!isThere(text)) {
        const step = await reader?.read()
        if (!step || step.done) break
        text += step.value
      }
      return text
    },
  }
}
