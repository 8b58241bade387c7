import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newAuthenticator } from '../fixtures/authenticator.ts'
import { ISSUER, issuerKey, output, SITE, openSignInWorld, type Answer, type SignInWorld } from '../fixtures/sign-in-world.ts'

let close: () => void
/** Requests for the provider's keys, and what they wait for. */
let asked: number
let held: Promise<void>
let log: SignInWorld['log']
let world: SignInWorld['world']
let enter: SignInWorld['enter']
let asOlga: SignInWorld['asOlga']
let web: SignInWorld['web']

beforeEach(async () => {
  asked = 0
  held = Promise.resolve()
  ;({ close, log, world, enter, asOlga, web } = await openSignInWorld(async () => {
    asked++
    await held
  }))
})
afterEach(() => close())

describe('R284: accounts at a provider', () => {
  async function tokenFor(nonce: string, claims: Record<string, unknown> = {}, key = issuerKey.privateKey): Promise<string> {
    const nowS = Math.floor(world.clock.nowMs() / 1_000)
    return new SignJWT({ nonce, sub: 'u-1', iss: ISSUER, aud: 'sallyport', iat: nowS, exp: nowS + 60, ...claims })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(key)
  }
  const begin = async (): Promise<string> => String((await output(enter('oidc.begin', { provider: 'idp' }))).nonce)
  const finish = (nonce: string, idToken: string, more: object = {}): Promise<Answer> =>
    enter('oidc', { provider: 'idp', nonce, idToken, ...more })
  async function connect(user: string, sub = 'u-1'): Promise<Answer> {
    await output(asOlga('user.create', { user, roles: ['approver'] }))
    const { token } = await output(asOlga('user.link', { user }))
    const { session } = await output(enter('link', { token }))
    const nonce = await begin()
    return finish(nonce, await tokenFor(nonce, { sub }), { session })
  }

  test('connected with a link, then enough to sign in; nobody else has it', async () => {
    expect(await connect('ann')).toMatchObject({ ok: true, output: { user: 'ann', method: 'oidc' } })
    const nonce = await begin()
    const answer = await finish(nonce, await tokenFor(nonce))
    expect(answer).toMatchObject({ ok: true, output: { user: 'ann', method: 'oidc' } })
    const session = String(answer.output?.['session'])
    expect(await web(session, 'user.link', { user: 'ann' })).toMatchObject({ ok: false })
    const again = await begin()
    expect(await finish(again, await tokenFor(again, { sub: 'u-9' }), { session })).toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    expect(await connect('ben')).toMatchObject({ code: 'CONFLICT' })
    const stranger = await begin()
    expect(await finish(stranger, await tokenFor(stranger, { sub: 'u-2' }))).toMatchObject({ code: 'IDENTITY_INVALID' })
  })

  test('a first passkey is registered right after signing in, not later', async () => {
    const answer = await connect('ann')
    const session = String(answer.output?.['session'])
    const { options } = await output(web(session, 'passkey.prepare'))
    const response = newAuthenticator().register({ ...SITE, challenge: String(options.challenge) })
    world.clock.advance(5 * 60_000 - 1)
    const early = await web(session, 'passkey.add', { label: 'phone', response } as never)
    expect(early).toMatchObject({ ok: true })
    const late = String((await connect('ben', 'u-3')).output?.['session'])
    const { options: again } = await output(web(late, 'passkey.prepare'))
    world.clock.advance(4 * 60_000)
    const { options: newer } = await output(web(late, 'passkey.prepare'))
    world.clock.advance(2 * 60_000)
    expect(again).toBeDefined()
    const theirs = newAuthenticator().register({ ...SITE, challenge: String(newer.challenge) })
    expect(await web(late, 'passkey.add', { label: 'phone', response: theirs } as never)).toMatchObject({
      code: 'IDENTITY_FORBIDDEN',
    })
  })

  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const wrong: [string, Record<string, unknown>, KeyObject?][] = [
    ['another issuer', { iss: 'https://evil.example' }],
    ['another audience', { aud: 'someone-else' }],
    ['made for another party', { aud: ['sallyport', 'x'], azp: 'x' }],
    ['another nonce', { nonce: 'x' }],
    ['no nonce', { nonce: undefined }],
    ['expired', { exp: 1 }],
    ['no subject', { sub: undefined }],
    ['another key', {}, other],
  ]
  test.each(wrong)('a token with %s is refused', async (_, claims, key) => {
    await connect('ann')
    const nonce = await begin()
    expect(await finish(nonce, await tokenFor(nonce, claims, key))).toMatchObject({ code: 'IDENTITY_INVALID' })
  })

  test('a token works once, and only with a nonce from here', async () => {
    await connect('ann')
    const nonce = await begin()
    const idToken = await tokenFor(nonce)
    expect(await finish(nonce, idToken)).toMatchObject({ ok: true })
    expect(await finish(nonce, idToken)).toMatchObject({ code: 'IDENTITY_INVALID' })
    const own = randomBytes(38).toString('base64url')
    expect(await finish(own, await tokenFor(own))).toMatchObject({ code: 'IDENTITY_INVALID' })
    const passkeys = String((await output(enter('passkey.options'))).challenge)
    expect(await finish(passkeys, await tokenFor(passkeys))).toMatchObject({ code: 'IDENTITY_INVALID' })
    expect(
      log.entries.filter((entry) => entry.type === 'admin' && entry.verb === 'sign-in.oidc' && entry.outcome === 'done'),
    ).toHaveLength(2)
  })

  test('R178: nobody who isolates an agent waits for the keys of a provider, which are asked for once', async () => {
    await connect('ann')
    await connect('ben', 'u-2')
    expect(asked).toBe(1)
    world.clock.advance(600_000)
    const gate = Promise.withResolvers<void>()
    held = gate.promise
    const nonce = await begin()
    const signingIn = finish(nonce, await tokenFor(nonce))
    expect(await asOlga('isolate', { agent: 'a', reason: 'at once' })).toMatchObject({ ok: true })
    gate.resolve()
    expect(await signingIn).toMatchObject({ ok: true, output: { user: 'ann' } })
    expect(asked).toBe(2)
  })
})
