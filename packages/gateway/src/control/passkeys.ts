import { randomUUID } from 'node:crypto'
import { GatewayError } from '@sallyport/core'
import { z } from 'zod'
import { consoleOrigin } from '../config-console.ts'
import { confirmationChallenge } from '../confirmation.ts'
import { CredentialId } from '../passkey-assertion.ts'
import { METHODS, PasskeyRecord } from '../sign-in-records.ts'
import { assertionOptions, readRegistration, registrationOptions, RegistrationJson } from '../sign-in/passkeys.ts'
import { Token } from '../sign-in/tokens.ts'
import { beginSession, endSession } from '../sign-in/web-sessions.ts'
import { ROLES } from '../state-records.ts'
import type { Change } from '../state.ts'
import { type ControlActor, defineVerb } from './define-verb.ts'
import { challengesOf, requireConsole } from './sign-in.ts'
import { requireMayGive } from './users.ts'

/** A first passkey is for somebody who just proved otherwise who they are. */
const FRESH_MS = 5 * 60_000
const PASSKEYS_PER_USER_MAX = 20

const Label = PasskeyRecord.shape.label
const Me = z.strictObject({
  user: z.string(),
  roles: z.array(z.enum(ROLES)),
  method: z.enum([...METHODS, 'ed25519']),
  expiresMs: z.int().optional(),
  passkeys: z.int(),
})

export const me = defineVerb({
  name: 'me',
  summary: 'Who you are here, and how you came in',
  roles: ROLES,
  forLinks: true,
  reads: true,
  input: z.strictObject({}),
  output: Me,
  run({ state }, _, { user, method, session }) {
    const { id, roles } = user
    return {
      output: { user: id, roles, method, ...(session && { expiresMs: session.expiresMs }), passkeys: state.passkeys(id).length },
    }
  },
})

export const passkeyPrepare = defineVerb({
  name: 'passkey.prepare',
  summary: 'What a browser needs to make a passkey for you',
  roles: ROLES,
  forLinks: true,
  input: z.strictObject({}),
  output: z.strictObject({ options: z.json() }),
  async run(deps, _, actor) {
    requireBrowser(actor)
    const { id } = actor.user
    const challenge = challengesOf(deps).issue(`enrol/${id}`)
    const held = deps.state.passkeys(id)
    const options = await registrationOptions(consoleOrigin(requireConsole(deps)), id, { challenge, held })
    return { output: { options: options as unknown as z.core.util.JSONType } }
  },
})

export const passkeyAdd = defineVerb({
  name: 'passkey.add',
  summary: 'Register a passkey of yours',
  roles: ROLES,
  forLinks: true,
  // Whoever found an open browser must not be able to add a passkey of their own.
  confirm: (_, { state }, { user, method }) => method !== 'link' && state.passkeys(user.id).length > 0,
  input: z.strictObject({ label: Label, response: RegistrationJson }),
  output: z.strictObject({
    id: CredentialId,
    session: Token.optional().meta({ description: 'The session that goes on where the one of a link ends.' }),
  }),
  async run(deps, { label, response }, actor) {
    const session = requireBrowser(actor)
    const { id: user } = actor.user
    if (session.method === 'oidc' && !actor.confirmation && deps.nowMs() - session.createdMs > FRESH_MS)
      throw new GatewayError('IDENTITY_FORBIDDEN', 'sign in again first: a first passkey is registered right after')
    if (deps.state.passkeys(user).length >= PASSKEYS_PER_USER_MAX)
      throw new GatewayError('CONFLICT', `a person has at most ${PASSKEYS_PER_USER_MAX} passkeys; revoke one`)
    const config = requireConsole(deps)
    const changes: Change[] = []
    const made = await readRegistration(response, consoleOrigin(config), (challenge) => {
      changes.push(challengesOf(deps).take(challenge, `enrol/${user}`))
    })
    if (deps.state.passkey(made.id)) throw new GatewayError('CONFLICT', 'this passkey is registered already')
    changes.push({ op: 'insert', kind: 'passkey', value: { ...made, user, label, createdMs: deps.nowMs() } })
    if (session.method !== 'link') return { output: { id: made.id }, changes, detail: { label } }
    const next = beginSession(deps, config, { user, method: 'passkey' })
    return {
      output: { id: made.id, session: next.token },
      changes: [...changes, endSession(session.hash), ...next.changes],
      detail: { label },
    }
  },
})

export const passkeyConfirm = defineVerb({
  name: 'passkey.confirm',
  summary: 'What a browser needs to confirm one request with your passkey',
  roles: ROLES,
  input: z.strictObject({ verb: z.string().min(1).max(64), input: z.json() }),
  output: z.strictObject({
    confirm: z.strictObject({ atMs: z.int(), nonce: z.string() }),
    options: z.json(),
  }),
  target: (input) => input.verb,
  run(deps, { verb, input }, actor) {
    requireBrowser(actor)
    const { id: user } = actor.user
    const passkeys = deps.state.passkeys(user)
    if (passkeys.length === 0) throw new GatewayError('NOT_FOUND', 'you have no passkey; register one first')
    const confirm = { atMs: deps.nowMs(), nonce: randomUUID() }
    const challenge = confirmationChallenge({ verb, input, user, ...confirm })
    const options = assertionOptions(consoleOrigin(requireConsole(deps)), challenge, passkeys)
    return { output: { confirm, options: options as z.core.util.JSONType } }
  },
})

export const passkeyList = defineVerb({
  name: 'passkey.list',
  summary: 'Your passkeys, or with the role those of another person',
  roles: ROLES,
  reads: true,
  input: z.strictObject({ user: z.string().max(64).optional() }),
  output: z.strictObject({
    passkeys: z.array(PasskeyRecord.pick({ id: true, user: true, label: true, createdMs: true })),
  }),
  run({ state }, { user }, actor) {
    const passkeys = state
      .passkeys(ownOr(actor, user, OTHERS))
      .map(({ id, user: of, label, createdMs }) => ({ id, user: of, label, createdMs }))
    return { output: { passkeys } }
  },
})

export const passkeyRevoke = defineVerb({
  name: 'passkey.revoke',
  summary: 'Revoke a passkey of yours, or with the role one of another person; it signs nothing from now on',
  roles: ROLES,
  confirm: () => true,
  input: z.strictObject({ id: CredentialId }),
  output: z.strictObject({ id: CredentialId }),
  run({ state, nowMs }, { id }, actor) {
    const passkey = state.passkey(id)
    const of = passkey && state.user(passkey.user)
    if (passkey?.revokedMs !== undefined || !of || ownOr(actor, of.id, OTHERS) !== of.id)
      throw new GatewayError('NOT_FOUND', 'no such passkey')
    // An admin cannot lock out who stands above them; security may, as they may isolate.
    if (of.id !== actor.user.id && !actor.user.roles.includes('security')) requireMayGive(of.roles, actor.user)
    // Whoever revokes a passkey does not trust who has it: what came in by it ends too.
    const sessions = state.webSessions().filter((one) => one.user === passkey.user && one.hash !== actor.session?.hash)
    return {
      output: { id },
      changes: [
        { op: 'put', kind: 'passkey', value: { ...passkey, revokedMs: nowMs() } },
        ...sessions.map(({ hash }) => endSession(hash)),
      ],
      detail: { user: passkey.user, label: passkey.label, sessionsEnded: sessions.length },
    }
  },
})

export const signOut = defineVerb({
  name: 'sign-out',
  summary: 'End your session with the browser, or all of them',
  roles: ROLES,
  forLinks: true,
  input: z.strictObject({ everywhere: z.boolean().default(false) }),
  output: z.strictObject({ ended: z.int() }),
  run({ state }, { everywhere }, { user, session }) {
    const ended = state.webSessions().filter((one) => one.user === user.id && (everywhere || one.hash === session?.hash))
    return { output: { ended: ended.length }, changes: ended.map(({ hash }) => endSession(hash)), detail: { everywhere } }
  },
})

/** Roles that see to the sign-ins of others. */
const OTHERS: readonly string[] = ['owner', 'admin', 'security']

/** @throws GatewayError `IDENTITY_FORBIDDEN` for another person without one of these roles */
function ownOr({ user: { id, roles } }: ControlActor, user: string | undefined, others: readonly string[]): string {
  if (user === undefined || user === id || roles.some((role) => others.includes(role))) return user ?? id
  throw new GatewayError('IDENTITY_FORBIDDEN', `passkeys of others need one of the roles ${others.join(', ')}`)
}

function requireBrowser({ session }: Pick<ControlActor, 'session'>): NonNullable<ControlActor['session']> {
  if (session) return session
  throw new GatewayError('CONFLICT', 'passkeys are for those signed in with a browser')
}
