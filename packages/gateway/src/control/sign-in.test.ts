import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newAuthenticator, type Spoilt } from '../fixtures/authenticator.ts'
import { CONFIG, output, SITE, openSignInWorld, type Answer, type SignInWorld } from '../fixtures/sign-in-world.ts'

let close: () => void
let world: SignInWorld['world']
let log: SignInWorld['log']
let enter: SignInWorld['enter']
let asOlga: SignInWorld['asOlga']
let web: SignInWorld['web']
let enrolled: SignInWorld['enrolled']
let signIn: SignInWorld['signIn']
let confirmed: SignInWorld['confirmed']

beforeEach(async () => {
  ;({ close, world, log, enter, asOlga, web, enrolled, signIn, confirmed } = await openSignInWorld())
})
afterEach(() => close())

describe('R284: a one-time link', () => {
  test('lets a person register a passkey once, and nothing else', async () => {
    await output(asOlga('user.create', { user: 'ann', roles: ['owner'] }))
    const { token } = await output(asOlga('user.link', { user: 'ann' }))
    const { session } = await output(enter('link', { token }))
    expect(await enter('link', { token })).toMatchObject({ code: 'IDENTITY_INVALID' })
    for (const verb of ['status', 'user.list', 'isolate', 'passkey.list', 'passkey.confirm'])
      expect(await web(session, verb, verb === 'isolate' ? { agent: 'a', reason: 'why not' } : {})).toMatchObject({
        code: 'IDENTITY_FORBIDDEN',
      })
    expect(await web(session, 'me')).toMatchObject({ ok: true, output: { user: 'ann', method: 'link', passkeys: 0 } })
    world.clock.advance(10 * 60_000)
    expect(await web(session, 'me')).toMatchObject({ code: 'IDENTITY_INVALID' })
  })

  test('is dead after its time, when another is made, and when the person is disabled', async () => {
    await output(asOlga('user.create', { user: 'ann', roles: ['approver'] }))
    const first = await output(asOlga('user.link', { user: 'ann' }))
    const second = await output(asOlga('user.link', { user: 'ann' }))
    expect(await enter('link', { token: first.token })).toMatchObject({ code: 'IDENTITY_INVALID' })
    world.clock.advance(CONFIG.linkMs)
    expect(await enter('link', { token: second.token })).toMatchObject({ code: 'IDENTITY_INVALID' })
    const third = await output(asOlga('user.link', { user: 'ann' }))
    await output(asOlga('user.update', { user: 'ann', disabled: true, reason: 'left' }))
    expect(await enter('link', { token: third.token })).toMatchObject({ code: 'IDENTITY_INVALID' })
    expect(await asOlga('user.link', { user: 'ann' })).toMatchObject({ code: 'CONFLICT' })
  })

  test('no secret of a sign-in is stored or recorded', async () => {
    const { session } = await enrolled('ann', ['approver'])
    const { token } = await output(asOlga('user.link', { user: 'ann' }))
    const kept = JSON.stringify([log.entries, world.state.webSessions(), world.state.enrolments()])
    expect(kept).not.toContain(session)
    expect(kept).not.toContain(String(token))
  })
})

describe('R284: passkeys', () => {
  test.each(['ES256', 'EdDSA'] as const)('sign in with %s; the entry names person and method', async (algorithm) => {
    const { passkey } = await enrolled('ann', ['approver'], newAuthenticator(algorithm))
    const answer = await signIn(passkey)
    expect(answer).toMatchObject({ ok: true, output: { user: 'ann', method: 'passkey' } })
    expect(log.entries.at(-1)).toMatchObject({
      type: 'admin',
      verb: 'sign-in.passkey',
      actor: { type: 'user', id: 'ann', method: 'passkey' },
      outcome: 'done',
    })
    expect(await web(String(answer.output?.['session']), 'status')).toMatchObject({ ok: true })
  })

  const spoilt: [string, Partial<typeof SITE>, Spoilt][] = [
    ['another origin', { origin: 'http://evil.example' }, {}],
    ['another port', { origin: 'http://localhost:7702' }, {}],
    ['another site', { rpId: 'evil.example' }, {}],
    ['nobody present', {}, { flags: 0x04 }],
    ['nobody verified', {}, { flags: 0x01 }],
    ['a registration', {}, { type: 'webauthn.create' }],
    ['a frame of another page', {}, { crossOrigin: true }],
    ['a page around it', {}, { topOrigin: 'http://evil.example' }],
    ['another key', {}, { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    ['an unknown passkey', {}, { id: randomBytes(32).toString('base64url') }],
  ]
  test.each(spoilt)('%s is refused', async (_, site, spoil) => {
    const { passkey } = await enrolled('ann', ['approver'])
    expect(await signIn(passkey, { ...SITE, ...site }, spoil)).toMatchObject({ ok: false, code: 'IDENTITY_INVALID' })
    expect(log.entries.at(-1)).toMatchObject({ type: 'refusal', code: 'IDENTITY_INVALID', actor: { type: 'unverified' } })
  })

  test('an assertion works once, within its time, and only for a challenge from here', async () => {
    const { passkey } = await enrolled('ann', ['approver'], newAuthenticator('ES256', false))
    const { challenge } = await output(enter('passkey.options'))
    const response = passkey.assert({ ...SITE, challenge })
    expect(await enter('passkey', { response })).toMatchObject({ ok: true })
    expect(await enter('passkey', { response })).toMatchObject({ code: 'IDENTITY_INVALID' })
    const late = await output(enter('passkey.options'))
    world.clock.advance(5 * 60_000)
    expect(await enter('passkey', { response: passkey.assert({ ...SITE, challenge: late.challenge }) })).toMatchObject({
      code: 'IDENTITY_INVALID',
    })
    const own = randomBytes(38).toString('base64url')
    expect(await enter('passkey', { response: passkey.assert({ ...SITE, challenge: own }) })).toMatchObject({
      code: 'IDENTITY_INVALID',
    })
  })

  test('a counter that goes back is a copy; a passkey without one is fine', async () => {
    const { passkey } = await enrolled('ann', ['approver'])
    expect(await signIn(passkey)).toMatchObject({ ok: true })
    passkey.counter = 0
    expect(await signIn(passkey)).toMatchObject({ code: 'IDENTITY_INVALID' })
    const { passkey: silent } = await enrolled('ben', ['approver'], newAuthenticator('ES256', false))
    expect(await signIn(silent)).toMatchObject({ ok: true })
    expect(await signIn(silent)).toMatchObject({ ok: true })
  })

  test('a registration for another person, another page or used before is refused', async () => {
    const { session, passkey } = await enrolled('ann', ['approver'])
    const { options } = await output(web(session, 'passkey.prepare'))
    const second = newAuthenticator()
    const add = (response: object): Promise<Answer> => {
      const input = { label: 'key', response } as never
      return web(session, 'passkey.add', input, confirmed(passkey, { verb: 'passkey.add', input, user: 'ann' }))
    }
    const challenge = String(options.challenge)
    expect(await add(second.register({ ...SITE, origin: 'http://evil.example', challenge }))).toMatchObject({
      code: 'IDENTITY_INVALID',
    })
    expect(await add(second.register({ ...SITE, challenge: randomBytes(38).toString('base64url') }))).toMatchObject({
      code: 'IDENTITY_INVALID',
    })
    const { session: other } = await enrolled('ben', ['approver'])
    const { options: theirs } = await output(web(other, 'passkey.prepare'))
    expect(await add(second.register({ ...SITE, challenge: String(theirs.challenge) }))).toMatchObject({
      code: 'IDENTITY_INVALID',
    })
    const response = second.register({ ...SITE, challenge })
    expect(await add(response)).toMatchObject({ ok: true })
    expect(await add(response)).toMatchObject({ ok: false })
    expect(world.state.passkeys('ann')).toHaveLength(2)
  })

  test('whoever has the browser cannot add or revoke a passkey without one', async () => {
    const { session, passkey } = await enrolled('ann', ['approver'])
    const { options } = await output(web(session, 'passkey.prepare'))
    const response = newAuthenticator().register({ ...SITE, challenge: String(options.challenge) })
    expect(await web(session, 'passkey.add', { label: 'mine', response } as never)).toMatchObject({ code: 'IDENTITY_CONFIRM' })
    expect(await web(session, 'passkey.revoke', { id: passkey.id })).toMatchObject({ code: 'IDENTITY_CONFIRM' })
  })

  test('a revoked passkey opens nothing, and what came in by it ends', async () => {
    const { session, passkey } = await enrolled('ann', ['approver'])
    await output(asOlga('passkey.revoke', { id: passkey.id }))
    expect(await web(session, 'me')).toMatchObject({ code: 'IDENTITY_INVALID' })
    expect(await signIn(passkey)).toMatchObject({ code: 'IDENTITY_INVALID' })
    const { session: ben } = await enrolled('ben', ['approver'])
    const { passkey: cat } = await enrolled('cat', ['approver'])
    expect(await web(ben, 'passkey.list', { user: 'cat' })).toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    const input = { id: cat.id }
    const mine = [...world.state.passkeys('ben')][0]
    expect(mine).toBeDefined()
    expect(await web(ben, 'passkey.revoke', input)).toMatchObject({ code: 'IDENTITY_CONFIRM' })
  })
})

describe('R284: sessions with a browser', () => {
  test('end when signed out, idle, too old, disabled; a foreign or agent credential is none', async () => {
    const { session, passkey } = await enrolled('ann', ['approver'])
    const { secret } = await world.key('a')
    for (const token of [randomBytes(32).toString('base64url'), secret, passkey.id, secret.slice(0, 43).padEnd(43, 'A')])
      expect((await web(token, 'status')).ok).toBe(false)
    await output(web(session, 'sign-out'))
    expect(await web(session, 'me')).toMatchObject({ code: 'IDENTITY_INVALID' })
    const idle = String((await signIn(passkey)).output?.['session'])
    world.clock.advance(CONFIG.idleMs - 1)
    expect(await web(idle, 'me')).toMatchObject({ ok: true })
    world.clock.advance(CONFIG.idleMs)
    expect(await web(idle, 'me')).toMatchObject({ code: 'IDENTITY_INVALID' })
    const old = String((await signIn(passkey)).output?.['session'])
    for (let ms = 0; ms < CONFIG.sessionMs; ms += CONFIG.idleMs / 2) {
      expect(await web(old, 'me')).toMatchObject({ ok: true })
      world.clock.advance(CONFIG.idleMs / 2)
    }
    expect(await web(old, 'me')).toMatchObject({ code: 'IDENTITY_INVALID' })
    const last = String((await signIn(passkey)).output?.['session'])
    await output(asOlga('user.update', { user: 'ann', disabled: true, reason: 'left' }))
    expect(await web(last, 'me')).toMatchObject({ code: 'IDENTITY_INVALID' })
    expect(await signIn(passkey)).toMatchObject({ code: 'IDENTITY_INVALID' })
  })

  test('a page that is only open does not keep one from ending', async () => {
    const { session } = await enrolled('ann', ['approver'])
    for (let i = 0; i < 2; i++) {
      expect(await web(session, 'me', {}, { background: true })).toMatchObject({ ok: true })
      world.clock.advance(CONFIG.idleMs / 2)
    }
    expect(await web(session, 'me', {}, { background: true })).toMatchObject({ code: 'IDENTITY_INVALID' })
  })

  test('end with the person, also where nothing deleted them', async () => {
    const { session } = await enrolled('ann', ['approver'])
    const ann = world.state.user('ann')
    if (!ann) throw new Error('not there')
    await world.state.transact([{ op: 'put', kind: 'user', value: { ...ann, disabledMs: 1 } }])
    expect(await web(session, 'me')).toMatchObject({ code: 'IDENTITY_INVALID' })
  })

  test('a sign-in gives a new session each time, and signing out everywhere ends all', async () => {
    const { session, passkey } = await enrolled('ann', ['approver'])
    const other = String((await signIn(passkey)).output?.['session'])
    expect(other).not.toBe(session)
    expect(await web(session, 'sign-out', { everywhere: true })).toMatchObject({ output: { ended: 2 } })
    expect(await web(other, 'me')).toMatchObject({ code: 'IDENTITY_INVALID' })
  })

  test('attempts of nobody known are recorded, and cannot fill the log', async () => {
    for (let i = 0; i < 500; i++) await web(randomBytes(32).toString('base64url'), 'status')
    expect(log.entries.filter(({ type }) => type === 'refusal')).toHaveLength(200)
    world.clock.advance(1_000)
    await enter('link', { token: randomBytes(32).toString('base64url') })
    expect(log.entries.at(-1)).toMatchObject({ type: 'refusal', suppressed: 300, claims: { verb: 'sign-in.link' } })
  })

  test('a challenge that was spent is remembered as long as it could be used, and no longer', async () => {
    const { passkey } = await enrolled('ann', ['approver'])
    await signIn(passkey)
    world.clock.advance(5 * 60_000 + 1)
    await enter('passkey.options')
    expect(await world.state.prune(world.clock.nowMs())).toBe(0)
  })

  test('nobody signs in where the log cannot be written', async () => {
    const { passkey } = await enrolled('ann', ['approver'])
    const { challenge } = await output(enter('passkey.options'))
    log.fail = true
    expect(await enter('passkey', { response: passkey.assert({ ...SITE, challenge }) })).toMatchObject({
      ok: false,
      code: 'AUDIT_UNAVAILABLE',
    })
    log.fail = false
    expect(world.state.webSessions().filter(({ user }) => user === 'ann')).toHaveLength(1)
  })
})
