import { createHmac, createSecretKey, generateKeyPairSync } from 'node:crypto'
import { SignJWT } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { emptyWorld, type World } from '../fixtures/world.ts'
import { testIssuer } from './fixtures/issuer.ts'
import { createIdentifier, type ForeignUse, type Identifier } from './identifier.ts'
import { KEYS_AGE_MS_MAX } from './key-source.ts'
import { issueSessionToken, SESSION_TOKEN_TYPE } from './session-token.ts'

const KEY = new Uint8Array(32).map((_, i) => (i * 37) % 251)
const is = (code: string) => expect.objectContaining({ code })
const bearer = (secret: string) => `Bearer ${secret}`

let world: World
let foreign: ForeignUse[]
beforeEach(async () => {
  world = await emptyWorld()
  await world.agent('a')
  await world.agent('b')
  foreign = []
})

function identifier(issuer = testIssuer('agents')): Identifier {
  const { state, clock } = world
  return createIdentifier({
    state,
    issuers: [issuer.config],
    sessionKey: KEY,
    nowMs: clock.nowMs,
    fetchJwks: (url) => issuer.fetchJwks(url),
    onForeign: (use) => void foreign.push(use),
  })
}

describe('agent keys', () => {
  test('R016 R037: a key identifies its agent and carries its task', async () => {
    const { secret, id } = await world.key('a', { task: 'reconcile' })
    const exchangeOnly = await world.key('a')
    await expect(identifier().identify(bearer(secret), 'a')).resolves.toEqual({
      agent: 'a',
      credential: id,
      method: 'agent_key',
      task: 'reconcile',
      session: id,
      epoch: 0,
    })
    expect((await identifier().identify(bearer(exchangeOnly.secret), 'a')).task).toBeUndefined()
  })

  test('R016: agent A’s key on agent B’s URL is refused and reported; an unknown key is not', async () => {
    const { secret, id } = await world.key('a')
    await expect(identifier().identify(bearer(secret), 'b')).rejects.toEqual(is('IDENTITY_FOREIGN'))
    expect(foreign).toEqual([{ owner: 'a', agent: 'b', credential: id }])
    await expect(identifier().identify(bearer(`sp_${'x'.repeat(43)}`), 'b')).rejects.toEqual(is('IDENTITY_INVALID'))
    expect(foreign).toHaveLength(1)
  })

  test('R022: several keys live at once; expiry and revocation hold on the very next call', async () => {
    const { state, clock } = world
    const old = await world.key('a', { expiresMs: clock.nowMs() + 1_000 })
    const fresh = await world.key('a')
    const id = identifier()
    await id.identify(bearer(old.secret), 'a')
    await id.identify(bearer(fresh.secret), 'a')
    clock.advance(1_000)
    await expect(id.identify(bearer(old.secret), 'a')).rejects.toEqual(is('IDENTITY_INVALID'))
    const record = state.keyById(fresh.id)
    if (record !== undefined) await state.transact([{ op: 'put', kind: 'key', value: { ...record, revokedMs: clock.nowMs() } }])
    await expect(id.identify(bearer(fresh.secret), 'a')).rejects.toEqual(is('IDENTITY_INVALID'))
  })

  test('R022: while isolated a key still identifies; after release it is dead', async () => {
    const { state, clock } = world
    const { secret } = await world.key('a')
    const id = identifier()
    const agent = { id: 'a', epoch: 1, epochMs: clock.nowMs(), createdMs: 0, createdBy: 'test' }
    await state.transact([{ op: 'put', kind: 'agent', value: { ...agent, isolated: { sinceMs: 1, by: 'bob', reason: 'test' } } }])
    expect((await id.identify(bearer(secret), 'a')).epoch).toBe(0)
    await state.transact([{ op: 'put', kind: 'agent', value: agent }])
    await expect(id.identify(bearer(secret), 'a')).rejects.toEqual(is('IDENTITY_INVALID'))
  })

  test.each([
    [undefined, 'IDENTITY_MISSING'],
    ['', 'IDENTITY_MISSING'],
    ['Bearer', 'IDENTITY_INVALID'],
    ['Basic abc', 'IDENTITY_INVALID'],
    ['Bearer a b', 'IDENTITY_INVALID'],
    ['Bearer sp_short', 'IDENTITY_INVALID'],
    [`Bearer ${'x'.repeat(20_000)}`, 'IDENTITY_INVALID'],
    ['Bearer a.b.c', 'IDENTITY_INVALID'],
  ])('header %j gives %s', async (header, code) => {
    await expect(identifier().identify(header, 'a')).rejects.toEqual(is(code))
  })
})

describe('session tokens', () => {
  const session = (credential: string, more = {}) => ({
    agent: 'a',
    user: { id: 'u1', issuer: 'https://idp.example', attributes: { department: 'x' } },
    session: 's1',
    task: 'reconcile',
    epoch: 0,
    credential,
    ...more,
  })
  const issue = async (credential: string, more = {}, ttlMs = 600_000) =>
    (await issueSessionToken(session(credential, more), { key: KEY, nowMs: world.clock.nowMs(), ttlMs })).token

  test('R023: names user and agent, session and task', async () => {
    const { id } = await world.key('a')
    const principal = await identifier().identify(bearer(await issue(id, { purpose: 'p' })), 'a')
    expect(principal).toEqual({
      agent: 'a',
      credential: id,
      method: 'session_token',
      task: 'reconcile',
      session: 's1',
      purpose: 'p',
      user: { id: 'u1', issuer: 'https://idp.example', attributes: { department: 'x' } },
      epoch: 0,
    })
  })

  test('R022: dies with its time, with the key it came from, and with the epoch, though its signature is remembered', async () => {
    const { state, clock } = world
    const id = identifier()
    const key = await world.key('a')
    const short = await issue(key.id, {}, 60_000)
    await id.identify(bearer(short), 'a')
    clock.advance(60_000)
    await expect(id.identify(bearer(short), 'a')).rejects.toEqual(is('IDENTITY_INVALID'))

    const second = await issue(key.id)
    await id.identify(bearer(second), 'a')
    const record = state.keyById(key.id)
    if (record !== undefined) await state.transact([{ op: 'put', kind: 'key', value: { ...record, revokedMs: clock.nowMs() } }])
    await expect(id.identify(bearer(second), 'a')).rejects.toEqual(is('IDENTITY_INVALID'))

    const other = await world.key('a')
    const third = await issue(other.id)
    await id.identify(bearer(third), 'a')
    await state.transact([
      { op: 'put', kind: 'agent', value: { id: 'a', epoch: 1, epochMs: clock.nowMs(), createdMs: 0, createdBy: 't' } },
    ])
    await expect(id.identify(bearer(third), 'a')).rejects.toEqual(is('IDENTITY_INVALID'))
  })

  test('R023: a session of a local user dies when the user is disabled, and cannot be opened for another', async () => {
    const { state } = world
    await world.user('alice', ['engineer'])
    const user = { id: 'alice', issuer: 'sallyport:local', attributes: {} }
    const own = await issue('user:alice', { user })
    const forOther = await issue('user:mallory', { user })
    const id = identifier()
    await id.identify(bearer(own), 'a')
    await expect(id.identify(bearer(forOther), 'a')).rejects.toEqual(is('IDENTITY_INVALID'))
    const alice = state.user('alice')
    if (alice !== undefined) await state.transact([{ op: 'put', kind: 'user', value: { ...alice, disabledMs: 1 } }])
    await expect(id.identify(bearer(own), 'a')).rejects.toEqual(is('IDENTITY_INVALID'))
  })

  test('R016: on another agent’s URL it is foreign', async () => {
    const { id } = await world.key('a')
    await expect(identifier().identify(bearer(await issue(id)), 'b')).rejects.toEqual(is('IDENTITY_FOREIGN'))
    expect(foreign).toHaveLength(1)
  })

  test('R023: a token signed with another key, changed, of another type or without algorithm is refused', async () => {
    const { id } = await world.key('a')
    const good = await issue(id)
    const [head = '', body = '', signature = ''] = good.split('.')
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
    const { token: forged } = await issueSessionToken(session(id), {
      key: new Uint8Array(32).fill(7),
      nowMs: world.clock.nowMs(),
      ttlMs: 60_000,
    })
    const hs = (header: { alg: string; typ: string }, payload: unknown) => {
      const input = `${encode(header)}.${encode(payload)}`
      return `${input}.${createHmac(header.alg === 'HS512' ? 'sha512' : 'sha256', KEY)
        .update(input)
        .digest('base64url')}`
    }
    const bad = [
      forged,
      `${head}.${encode({ ...claims, sub: 'root' })}.${signature}`,
      `${encode({ alg: 'none', typ: SESSION_TOKEN_TYPE })}.${body}.`,
      hs({ alg: 'HS256', typ: 'JWT' }, claims),
      hs({ alg: 'HS512', typ: SESSION_TOKEN_TYPE }, claims),
      hs({ alg: 'HS256', typ: SESSION_TOKEN_TYPE }, { ...claims, act: { sub: 'b' } }),
      hs({ alg: 'HS256', typ: SESSION_TOKEN_TYPE }, { ...claims, exp: Number(claims['exp']) + 3_600 }),
      hs({ alg: 'HS256', typ: SESSION_TOKEN_TYPE }, { ...claims, iss: 'https://idp.example' }),
    ]
    for (const token of bad) await expect(identifier().identify(bearer(token), 'a')).rejects.toEqual(is('IDENTITY_INVALID'))
  })

  test('never lives longer than 15 minutes', async () => {
    const { expiresMs } = await issueSessionToken(session('k'), { key: KEY, nowMs: world.clock.nowMs(), ttlMs: 86_400_000 })
    expect(expiresMs - world.clock.nowMs()).toBe(900_000)
  })
})

describe('tokens of configured issuers', () => {
  const claims = (more = {}) => ({
    iss: 'https://idp.example',
    aud: 'sallyport',
    sub: 'a',
    jti: 'j1',
    iat: sec(0),
    exp: sec(300),
    ...more,
  })
  const sec = (offset: number) => Math.floor(world.clock.nowMs() / 1000) + offset

  test('R016: identifies the agent a claim names', async () => {
    const issuer = testIssuer('agents', { taskClaim: 'task' })
    const principal = await identifier(issuer).identify(bearer(await issuer.token(claims({ task: 'reconcile' }))), 'a')
    expect(principal).toMatchObject({ agent: 'a', method: 'jwt', task: 'reconcile' })
  })

  test('R022: expired, early, wrong audience, wrong issuer, unregistered agent, no expiry, foreign key: all refused', async () => {
    const issuer = testIssuer('agents')
    const id = identifier(issuer)
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { exp: _, ...endless } = claims()
    const bad = [
      await issuer.token(claims({ exp: sec(-31) })),
      await issuer.token(claims({ nbf: sec(31) })),
      await issuer.token(claims({ iat: sec(60) })),
      await issuer.token(claims({ aud: 'someone-else' })),
      await issuer.token(claims({ iss: 'https://other.example' })),
      await issuer.token(claims({ sub: 'nobody' })),
      await issuer.token(claims({ sub: 7 as never })),
      await issuer.token(endless),
      await issuer.token(claims(), { key: privateKey }),
    ]
    for (const token of bad) await expect(id.identify(bearer(token), 'a')).rejects.toEqual(is('IDENTITY_INVALID'))
    // Within the skew it is still good, and remembered or not it dies after it.
    const edge = await issuer.token(claims({ exp: sec(-29) }))
    await id.identify(bearer(edge), 'a')
    world.clock.advance(2_000)
    await expect(id.identify(bearer(edge), 'a')).rejects.toEqual(is('IDENTITY_INVALID'))
  })

  test('none-alg, HMAC with the public key, and algorithms off the list are refused', async () => {
    const issuer = testIssuer('agents', { algorithms: ['EdDSA', 'RS256'] })
    const id = identifier(issuer)
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const pem = issuer.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const confused = await new SignJWT(claims())
      .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
      .sign(createSecretKey(Buffer.from(pem)))
    const bad = [
      `${encode({ alg: 'none' })}.${encode(claims())}.`,
      `${encode({ alg: 'NoNe', kid: 'k1' })}.${encode(claims())}.AA`,
      confused,
      await issuer.token(claims()),
    ]
    for (const token of bad) await expect(id.identify(bearer(token), 'a')).rejects.toEqual(is('IDENTITY_INVALID'))
  })

  test('a key set with a symmetric or private key in it is not used at all', async () => {
    const issuer = testIssuer('agents')
    const [good = {}] = issuer.jwks.keys
    const secret = { kid: 'k2', k: Buffer.from('secret').toString('base64url') }
    for (const bad of [
      { kty: 'oct', ...secret },
      { kty: 'oct', kid: 'k2' },
      { ...issuer.privateKey.export({ format: 'jwk' }), kid: 'k2' },
    ]) {
      issuer.jwks = { keys: [good, bad] }
      await expect(identifier(issuer).identify(bearer(await issuer.token(claims())), 'a')).rejects.toEqual(is('KEYS_UNAVAILABLE'))
    }
  })

  test('keys are fetched once for concurrent calls, kept five minutes, and never used stale', async () => {
    const issuer = testIssuer('agents')
    const id = identifier(issuer)
    const tokens = await Promise.all([1, 2, 3].map((n) => issuer.token(claims({ jti: `j${n}`, exp: sec(3_600) }))))
    await Promise.all(tokens.map((token) => id.identify(bearer(token), 'a')))
    expect(issuer.fetches).toBe(1)
    issuer.fail = true
    world.clock.advance(KEYS_AGE_MS_MAX + 1)
    const fresh = await issuer.token(claims({ jti: 'j9', exp: sec(300) }))
    await expect(id.identify(bearer(fresh), 'a')).rejects.toEqual(is('KEYS_UNAVAILABLE'))
    issuer.fail = false
    await id.identify(bearer(fresh), 'a')
    expect(issuer.fetches).toBe(3)
  })

  test('an unknown key id fetches again, at most once in 30 seconds', async () => {
    const issuer = testIssuer('agents')
    const id = identifier(issuer)
    await id.identify(bearer(await issuer.token(claims())), 'a')
    const rotated = await issuer.token(claims({ jti: 'j2', exp: sec(3_600) }), { kid: 'k2' })
    for (let i = 0; i < 5; i++) await expect(id.identify(bearer(rotated), 'a')).rejects.toEqual(is('IDENTITY_INVALID'))
    expect(issuer.fetches).toBe(1)
    issuer.jwks = { keys: issuer.jwks.keys.map((key) => ({ ...key, kid: 'k2' })) }
    world.clock.advance(30_000)
    await id.identify(bearer(rotated), 'a')
    expect(issuer.fetches).toBe(2)
  })

  test('R022: a token from before an isolation is dead after it', async () => {
    const issuer = testIssuer('agents')
    const id = identifier(issuer)
    const token = await issuer.token(claims())
    await id.identify(bearer(token), 'a')
    world.clock.advance(2_000)
    await world.state.transact([
      { op: 'put', kind: 'agent', value: { id: 'a', epoch: 1, epochMs: world.clock.nowMs(), createdMs: 0, createdBy: 't' } },
    ])
    await expect(id.identify(bearer(token), 'a')).rejects.toEqual(is('IDENTITY_INVALID'))
    world.clock.advance(1_000)
    await id.identify(bearer(await issuer.token(claims({ jti: 'later', iat: sec(0), exp: sec(300) }))), 'a')
  })

  test('R023: a token of an issuer of users does not identify an agent', async () => {
    const issuer = testIssuer('users')
    await expect(identifier(issuer).identify(bearer(await issuer.token(claims())), 'a')).rejects.toEqual(is('IDENTITY_INVALID'))
  })
})
