import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { emptyWorld, memoryLog, type World } from '../fixtures/world.ts'
import { createExchange, type Exchange } from './exchange.ts'
import { testIssuer, type TestIssuer } from './fixtures/issuer.ts'
import { createIdentifier, type Identifier } from './identifier.ts'
import { signLocalUserToken } from './local-user-token.ts'

const KEY = new Uint8Array(32).map((_, i) => (i * 41) % 253)
const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const JWT = 'urn:ietf:params:oauth:token-type:jwt'

let world: World
let issuer: TestIssuer
let identifier: Identifier
let exchange: Exchange
let log: ReturnType<typeof memoryLog>
let alice: Awaited<ReturnType<World['user']>>

beforeEach(async () => {
  world = await emptyWorld()
  await world.agent('a')
  await world.agent('b')
  alice = await world.user('alice', ['engineer'], { department: 'facilities' })
  issuer = testIssuer('users', { attributes: ['department', 'groups'] })
  log = memoryLog(world.clock.nowMs)
  const deps = {
    state: world.state,
    issuers: [issuer.config],
    sessionKey: KEY,
    nowMs: world.clock.nowMs,
    fetchJwks: (url: string) => issuer.fetchJwks(url),
  }
  identifier = createIdentifier(deps)
  exchange = createExchange({
    ...deps,
    randomBytes,
    verify: (secret) => identifier.verify(secret),
    hasTask: (_, task) => ['reconcile', 'answer'].includes(task),
    audit: log,
  })
})

const local = (more: { agent?: string; task?: string; jti?: string; ttlMs?: number; user?: string } = {}) => {
  const { ttlMs, jti = randomBytes(16).toString('hex'), user = 'alice', ...narrowing } = more
  return signLocalUserToken(
    { user, jti, ...narrowing },
    { key: alice, nowMs: world.clock.nowMs(), ...(ttlMs === undefined ? {} : { ttlMs }) },
  )
}
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const form = (fields: Record<string, string>) => new URLSearchParams({ grant_type: GRANT, subject_token_type: JWT, ...fields })
const asked = async (fields: Record<string, string>, secret: string) => exchange(form(fields), `Bearer ${secret}`)
const oidc = (more = {}) => {
  const now = Math.floor(world.clock.nowMs() / 1000)
  return issuer.token({
    iss: 'https://idp.example',
    aud: 'sallyport',
    sub: 'u-7',
    iat: now,
    exp: now + 600,
    department: 'finance',
    groups: ['x'],
    ...more,
  })
}

describe('token exchange', () => {
  test('R023: agent key + local user → a session for one task, in which both are named', async () => {
    const { secret, id } = await world.key('a')
    const answer = await asked({ subject_token: await local(), scope: 'reconcile', purpose: 'month end' }, secret)
    expect(answer).toMatchObject({
      status: 200,
      body: {
        token_type: 'Bearer',
        expires_in: 900,
        scope: 'reconcile',
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      },
    })
    const principal = await identifier.identify(`Bearer ${textOf(answer.body['access_token'])}`, 'a')
    expect(principal).toMatchObject({
      agent: 'a',
      task: 'reconcile',
      purpose: 'month end',
      credential: id,
      user: { id: 'alice', issuer: 'sallyport:local', attributes: { department: 'facilities' } },
    })
    expect(log.entries).toMatchObject([
      {
        type: 'admin',
        verb: 'session.exchange',
        actor: { type: 'agent', id: 'a' },
        outcome: 'done',
        detail: { user: 'alice', task: 'reconcile' },
      },
    ])
  })

  test('R023: an OIDC user’s verified attributes are kept, others are not; the token itself never comes out', async () => {
    const { secret } = await world.key('a')
    const subject = await oidc({ admin: true })
    const { body } = await asked({ subject_token: subject, task: 'answer' }, secret)
    const principal = await identifier.identify(`Bearer ${textOf(body['access_token'])}`, 'a')
    expect(principal.user).toEqual({ id: 'u-7', issuer: 'https://idp.example', attributes: { department: 'finance' } })
    expect(JSON.stringify(body)).not.toContain(subject)
    expect(JSON.stringify(log.entries)).not.toContain(subject.split('.')[2])
  })

  test('R037: a key for one task exchanges for that task only, also by default', async () => {
    const { secret } = await world.key('a', { task: 'answer' })
    expect((await asked({ subject_token: await local() }, secret)).body).toMatchObject({ scope: 'answer' })
    expect(await asked({ subject_token: await local(), scope: 'reconcile' }, secret)).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
    })
  })

  test('R037: an unknown task, none, or two that disagree are refused', async () => {
    const { secret } = await world.key('a')
    for (const [fields, error] of [
      [{ scope: 'wire-money' }, 'invalid_scope'],
      [{}, 'invalid_scope'],
      [{ scope: 'answer', task: 'reconcile' }, 'invalid_request'],
      [{ scope: 'answer reconcile' }, 'invalid_request'],
    ] as const) {
      expect(await asked({ subject_token: await local(), ...fields }, secret)).toMatchObject({ status: 400, body: { error } })
    }
    expect(log.entries).toEqual([])
  })

  test('a local user’s token works once, also when sent twice at the same moment', async () => {
    const { secret } = await world.key('a')
    const subject_token = await local()
    const answers = await Promise.all([1, 2, 3].map(() => asked({ subject_token, scope: 'answer' }, secret)))
    expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([200, 400, 400])
    expect((await asked({ subject_token, scope: 'answer' }, secret)).body).toMatchObject({ error: 'invalid_grant' })
  })

  test('R023: a forged, expired, long-lived, narrowed-elsewhere or unknown user token is refused', async () => {
    const { secret } = await world.key('a')
    const mallory = await world.user('mallory', ['engineer'])
    const forged = await signLocalUserToken({ user: 'alice', jti: 'j'.repeat(20) }, { key: mallory, nowMs: world.clock.nowMs() })
    const late = await local({ ttlMs: 1_000 })
    const future = await signLocalUserToken(
      { user: 'alice', jti: 'f'.repeat(20) },
      { key: alice, nowMs: world.clock.nowMs() + 60_000 },
    )
    world.clock.advance(1_000)
    const bad = [
      forged,
      late,
      future,
      await local({ ttlMs: 301_000 }),
      await local({ agent: 'b' }),
      await local({ task: 'reconcile' }),
      await local({ user: 'nobody' }),
      await oidc({ aud: 'other' }),
      await oidc({ exp: 1 }),
      'rubbish',
    ]
    for (const subject_token of bad)
      expect(await asked({ subject_token, scope: 'answer' }, secret)).toMatchObject({
        status: 400,
        body: { error: 'invalid_grant' },
        refusal: { code: expect.any(String) },
      })
  })

  test('the client must be an agent: no credential, a wrong one, two, another name, or a session token is refused', async () => {
    const { secret } = await world.key('a')
    const fields = async () => ({ subject_token: await local(), scope: 'answer' })
    expect(await exchange(form(await fields()), undefined)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect(await asked(await fields(), `sp_${'y'.repeat(43)}`)).toMatchObject({ status: 401 })
    expect(await asked({ ...(await fields()), actor_token: secret, actor_token_type: JWT }, secret)).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    })
    const basic = (name: string) => `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`
    expect(await exchange(form(await fields()), basic('b'))).toMatchObject({ status: 401, refusal: { code: 'IDENTITY_FOREIGN' } })
    const { body } = await exchange(form(await fields()), basic('a'))
    expect(await asked(await fields(), textOf(body['access_token']))).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    })
    expect(await exchange(form({ ...(await fields()), actor_token: secret, actor_token_type: JWT }), undefined)).toMatchObject({
      status: 200,
    })
  })

  test('other grants, missing and repeated parameters are refused in OAuth’s words', async () => {
    const { secret } = await world.key('a')
    expect(await exchange(new URLSearchParams({ grant_type: 'client_credentials' }), `Bearer ${secret}`)).toMatchObject({
      body: { error: 'unsupported_grant_type' },
    })
    expect(await exchange(new URLSearchParams({}), `Bearer ${secret}`)).toMatchObject({ body: { error: 'invalid_request' } })
    const twice = form({ subject_token: await local(), scope: 'answer' })
    twice.append('scope', 'reconcile')
    expect(await exchange(twice, `Bearer ${secret}`)).toMatchObject({ body: { error: 'invalid_request' } })
  })

  test('an isolated agent gets no session, and a key that expires soon gives a short one', async () => {
    const { state, clock } = world
    const soon = await world.key('a', { expiresMs: clock.nowMs() + 120_000 })
    expect((await asked({ subject_token: await local(), scope: 'answer' }, soon.secret)).body).toMatchObject({ expires_in: 120 })
    await state.transact([
      {
        op: 'put',
        kind: 'agent',
        value: { id: 'a', epoch: 1, epochMs: 1, createdMs: 0, createdBy: 't', isolated: { sinceMs: 1, by: 'bob', reason: 'x' } },
      },
    ])
    expect(await asked({ subject_token: await local(), scope: 'answer' }, soon.secret)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
  })

  test('unreachable issuer keys refuse, and a log that cannot be written gives no token', async () => {
    const { secret } = await world.key('a')
    issuer.fail = true
    expect(await asked({ subject_token: await oidc(), scope: 'answer' }, secret)).toMatchObject({
      status: 503,
      body: { error: 'temporarily_unavailable' },
    })
    log.fail = true
    await expect(asked({ subject_token: await local(), scope: 'answer' }, secret)).rejects.toMatchObject({
      code: 'AUDIT_UNAVAILABLE',
    })
  })
})
