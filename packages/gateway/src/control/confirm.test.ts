import { randomBytes } from 'node:crypto'
import type { Json } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { requestOf } from '../../../core/src/approval/fixtures/request-of.ts'
import { type Authenticator } from '../fixtures/authenticator.ts'
import { output, SITE, openSignInWorld, type Answer, type SignInWorld } from '../fixtures/sign-in-world.ts'
import { isSigned } from '../manifests/settle-versions.ts'
import { signRequest } from './index.ts'

let close: () => void
let world: SignInWorld['world']
let log: SignInWorld['log']
let manifests: SignInWorld['manifests']
let call: SignInWorld['call']
let asOlga: SignInWorld['asOlga']
let web: SignInWorld['web']
let enrolled: SignInWorld['enrolled']
let confirmed: SignInWorld['confirmed']

beforeEach(async () => {
  ;({ close, world, log, manifests, call, asOlga, web, enrolled, confirmed } = await openSignInWorld())
})
afterEach(() => close())

describe('confirming one request', () => {
  const input = { user: 'dan', roles: ['approver'] }
  test('R284: a session is not enough for what matters; the passkey signs exactly this request, once', async () => {
    const { session, passkey } = await enrolled('ann', ['owner'])
    expect(await web(session, 'user.create', input)).toMatchObject({ code: 'IDENTITY_CONFIRM' })
    const confirm = confirmed(passkey, { verb: 'user.create', input, user: 'ann' })
    expect(await web(session, 'user.create', { ...input, roles: ['owner'] }, confirm)).toMatchObject({ code: 'IDENTITY_INVALID' })
    expect(await web(session, 'user.link', { user: 'ann' }, confirm)).toMatchObject({ code: 'IDENTITY_INVALID' })
    const { session: theirs } = await enrolled('ben', ['owner'])
    expect(await web(theirs, 'user.create', input, confirm)).toMatchObject({ code: 'IDENTITY_INVALID' })
    expect(await web(session, 'user.create', input, confirm)).toMatchObject({ ok: true })
    const entry = log.entries.at(-1) as unknown as { detail: Record<string, string> }
    expect(JSON.parse(entry.detail['confirmation'] ?? '')).toMatchObject({ assertion: { credential: passkey.id } })
    expect(await web(session, 'user.create', input, confirm)).toMatchObject({ code: 'IDENTITY_INVALID' })
  })

  test('R284: the passkey of somebody else confirms nothing in this session, whatever it signs', async () => {
    const { session } = await enrolled('ann', ['owner'])
    const { passkey: theirs } = await enrolled('ben', ['owner'])
    expect(await web(session, 'user.create', input, confirmed(theirs, { verb: 'user.create', input, user: 'ann' }))).toMatchObject({
      code: 'IDENTITY_INVALID',
    })
    const what = { agent: 'a', version: 1, hash: 'ab'.repeat(32), role: 'security', reason: 'read it' }
    const { confirm } = confirmed(theirs, { verb: 'manifest.sign', input: what, user: 'ann' })
    const { atMs, nonce, response } = confirm as {
      atMs: number
      nonce: string
      response: { id: string; response: Record<string, string> }
    }
    const { clientDataJSON = '', authenticatorData = '', signature = '' } = response.response
    const assertion = { credential: response.id, clientDataJSON, authenticatorData, signature }
    expect(isSigned({ ...what, user: 'ann' }, { confirmation: { atMs, nonce, assertion } }, world.state)).toBe(false)
  })

  test('R151 R284: whoever approves an act of tier high, or one for several people, confirms it; rejecting needs no passkey', async () => {
    const { session } = await enrolled('ann', ['approver'])
    const codeOf = async (change: Parameters<typeof requestOf>[0], verdict: string): Promise<string | undefined> => {
      const value = requestOf({ id: `apr-${randomBytes(12).toString('hex')}`, ...change })
      await world.state.transact([{ op: 'put', kind: 'approval', value }])
      const said = { id: value.id, verdict, reason: 'looked at it', shown: 'ab'.repeat(32) }
      return (await web(session, 'approval.decide', said)).code
    }
    expect(await codeOf({ tier: 'high' }, 'approve')).toBe('IDENTITY_CONFIRM')
    expect(await codeOf({ tier: 'low', people: 2 }, 'approve')).toBe('IDENTITY_CONFIRM')
    // Not stopped before the act is looked for, of which nothing was kept here.
    expect(await codeOf({ tier: 'medium' }, 'approve')).toBe('NOT_FOUND')
    expect(await codeOf({ tier: 'high' }, 'reject')).toBe('NOT_FOUND')
  })

  test('R284: too late, or by somebody without a passkey, is refused', async () => {
    const { session, passkey } = await enrolled('ann', ['owner'])
    const confirm = confirmed(passkey, { verb: 'user.create', input, user: 'ann' })
    world.clock.advance(180_001)
    expect(await web(session, 'user.create', input, confirm)).toMatchObject({ code: 'IDENTITY_INVALID' })
    const sent = await output(web(session, 'passkey.confirm', { verb: 'user.create', input }))
    const { confirm: times, options } = sent
    const response = passkey.assert({ ...SITE, challenge: options.challenge })
    expect(await web(session, 'user.create', input, { confirm: { ...times, response } })).toMatchObject({ ok: true })
  })

  test('R043 R274: a manifest is signed with the passkey, bound to its hash, and counts as long as it verifies', async () => {
    const version = world.state.manifestVersions('a').at(-1)
    const signed = { agent: 'a', version: 1, hash: version?.hash ?? '', role: 'security', reason: 'read it' }
    const { session, passkey } = await enrolled('sec', ['security'])
    const { session: engineer, passkey: theirs } = await enrolled('eng', ['engineer'])
    const sign = (of: string, key: Authenticator, user: string, what: Json): Promise<Answer> =>
      web(of, 'manifest.sign', what, confirmed(key, { verb: 'manifest.sign', input: what, user }))
    expect(await web(session, 'manifest.sign', signed)).toMatchObject({ code: 'IDENTITY_CONFIRM' })
    expect(await sign(engineer, theirs, 'eng', signed)).toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    expect(await sign(session, passkey, 'sec', { ...signed, hash: 'ab'.repeat(32) })).toMatchObject({ code: 'CONFLICT' })
    expect(await sign(session, passkey, 'sec', signed)).toMatchObject({ ok: true, output: { missing: ['engineer'] } })
    expect(await sign(engineer, theirs, 'eng', { ...signed, role: 'engineer' })).toMatchObject({
      ok: true,
      output: { missing: [] },
    })
    expect(manifests.standing('a')).toMatchObject({ signed: true })
    const [one] = world.state.signatures('a', 1)
    if (!one) throw new Error('not there')
    expect(isSigned(one, one, world.state)).toBe(true)
    // The same passkey and the same bytes under other words, or of somebody else: it was not this that was signed.
    expect(isSigned({ ...one, reason: 'something else' }, one, world.state)).toBe(false)
    expect(isSigned({ ...one, user: one.user === 'sec' ? 'eng' : 'sec' }, one, world.state)).toBe(false)
  })
})

describe('R284: people', () => {
  test('nobody changes their own roles, so an owner stays, and nobody gives more than they may', async () => {
    expect(await asOlga('user.update', { user: 'olga', roles: [], reason: 'tired' })).toMatchObject({ code: 'CONFLICT' })
    await output(asOlga('user.create', { user: 'pia', roles: ['owner'] }))
    expect(await asOlga('user.update', { user: 'olga', roles: ['auditor'], reason: 'tired' })).toMatchObject({ code: 'CONFLICT' })
    await output(asOlga('user.update', { user: 'pia', roles: ['auditor'], reason: 'other work' }))
    const ivy = await world.user('ivy', ['admin'])
    const asIvy = (verb: string, input: Json): Promise<Answer> =>
      call(signRequest({ verb, input, user: 'ivy' }, ivy, world.clock.nowMs()))
    expect(await asIvy('user.update', { user: 'olga', disabled: true, reason: 'a coup' })).toMatchObject({
      code: 'IDENTITY_FORBIDDEN',
    })
    expect(await asIvy('user.link', { user: 'olga' })).toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    for (const role of ['security', 'approver'])
      expect(await asIvy('user.create', { user: 'eve', roles: [role] })).toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    expect(await asIvy('user.create', { user: 'eve', roles: ['engineer'] })).toMatchObject({ ok: true })
    expect(await asIvy('user.update', { user: 'eve', roles: ['engineer', 'owner'], reason: 'promoted' })).toMatchObject({
      code: 'IDENTITY_FORBIDDEN',
    })
  })

  test('a change on what was looked at before somebody else changed it is refused', async () => {
    const { session, passkey } = await enrolled('ann', ['owner'])
    await output(asOlga('user.create', { user: 'dan', roles: ['engineer'] }))
    const { users } = await output(web(session, 'user.list'))
    const ifMatch = users.find(({ id }) => id === 'dan')?.etag ?? ''
    await output(asOlga('user.update', { user: 'dan', roles: ['approver'], reason: 'moved' }))
    const input = { user: 'dan', roles: ['engineer', 'approver'], reason: 'both' }
    const update = (tag: string): Promise<Answer> =>
      web(session, 'user.update', input, { ifMatch: tag, ...confirmed(passkey, { verb: 'user.update', input, user: 'ann' }) })
    expect(await update(ifMatch)).toMatchObject({ code: 'PRECONDITION_FAILED' })
    const again = await output(web(session, 'user.list'))
    expect(await update(again.users.find(({ id }) => id === 'dan')?.etag ?? '')).toMatchObject({ ok: true })
  })

  test('an admin revokes no passkey of who stands above them; security may, as they may isolate', async () => {
    const { passkey } = await enrolled('ann', ['owner'])
    const { passkey: low } = await enrolled('eng', ['engineer'])
    const as = async (user: string, role: 'admin' | 'security' | 'engineer', id: string): Promise<Answer> => {
      const key = await world.user(user, [role])
      return call(signRequest({ verb: 'passkey.revoke', input: { id }, user }, key, world.clock.nowMs()))
    }
    expect(await as('ivy', 'admin', passkey.id)).toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    expect(await as('max', 'engineer', passkey.id)).toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    expect(await as('iva', 'admin', low.id)).toMatchObject({ ok: true })
    expect(await as('sec', 'security', passkey.id)).toMatchObject({ ok: true })
  })
})

describe('what only somebody at the machine may do', () => {
  test.each([
    ['audit.export', { dir: '/tmp/elsewhere', purpose: 'taking it away' }],
    ['audit.bundle', { file: '/tmp/elsewhere.zip', items: [{ id: 'q' }], purpose: 'taking it away' }],
  ])('R134: %s writes a file there, so a browser may not, with a passkey or without', async (verb, input) => {
    const { session, passkey } = await enrolled('ann', ['owner', 'auditor'])
    const confirm = confirmed(passkey, { verb, input: input as Json, user: 'ann' })
    for (const more of [{}, confirm]) {
      const said = await web(session, verb, input as Json, more)
      expect(said).toMatchObject({ code: 'IDENTITY_FORBIDDEN', message: expect.stringContaining('use the command line there') })
    }
    expect((await asOlga(verb, input as Json)).code).not.toBe('IDENTITY_FORBIDDEN')
  })
})
