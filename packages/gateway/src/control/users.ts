import { GatewayError, Id, jcs, type Json, sha256Hex } from '@sallyport/core'
import { z } from 'zod'
import { hashToken, newToken } from '../sign-in/tokens.ts'
import { endSession } from '../sign-in/web-sessions.ts'
import { type Role, ROLES, UserRecord } from '../state-records.ts'
import type { Change } from '../state.ts'
import { type ControlDeps, defineVerb } from './define-verb.ts'
import { requireConsole } from './sign-in.ts'

/** Who sees to people. An admin gives no role that outranks their own. */
const PEOPLE: readonly Role[] = ['owner', 'admin']
const OWNERS_GIVE: readonly Role[] = ['owner', 'admin', 'security', 'approver', 'compliance', 'auditor']
const LINKS_MAX = 1_000

export const userCreate = defineVerb({
  name: 'user.create',
  summary: 'Register a person with their roles and, for the command line, their public key',
  roles: PEOPLE,
  confirm: () => true,
  input: z.strictObject({
    user: Id,
    roles: z.array(z.enum(ROLES)).max(ROLES.length),
    attributes: UserRecord.shape.attributes.default({}),
    publicKey: UserRecord.shape.publicKey.meta({
      description: 'Ed25519 public key, 32 bytes, base64; without one the person enrols with a link.',
    }),
  }),
  output: z.strictObject({ user: Id, roles: z.array(z.string()) }),
  target: (input) => input.user,
  run(deps, input, actor) {
    if (deps.state.user(input.user) !== undefined) throw new GatewayError('CONFLICT', 'the user exists')
    const { publicKey } = input
    if (publicKey !== undefined && deps.state.users().some((user) => user.publicKey === publicKey))
      throw new GatewayError('CONFLICT', 'this key belongs to another user')
    const roles = [...new Set(input.roles)]
    requireMayGive(roles, actor.user)
    const value = {
      id: input.user,
      roles,
      attributes: input.attributes,
      ...(publicKey !== undefined && { publicKey }),
      createdMs: deps.nowMs(),
      createdBy: actor.user.id,
    }
    return { output: { user: input.user, roles }, changes: [{ op: 'insert', kind: 'user', value }], detail: { roles } }
  },
})

export const userList = defineVerb({
  name: 'user.list',
  summary: 'People and their roles',
  roles: ['owner', 'admin', 'security', 'auditor', 'compliance'],
  reads: true,
  input: z.strictObject({}),
  output: z.strictObject({
    users: z.array(
      z.strictObject({
        id: Id,
        roles: z.array(z.string()),
        attributes: UserRecord.shape.attributes,
        createdMs: z.int(),
        disabledMs: z.int().optional(),
        etag: z.string().meta({ description: 'For `If-Match` when the person is changed.' }),
      }),
    ),
  }),
  run(deps) {
    const users = deps.state.users().map((user) => {
      const { id, roles, attributes, createdMs, disabledMs } = user
      return { id, roles, attributes, createdMs, ...(disabledMs !== undefined && { disabledMs }), etag: etagOf(user) }
    })
    return { output: { users } }
  },
})

export const userUpdate = defineVerb({
  name: 'user.update',
  summary: 'Change a person’s roles, or disable them: their sessions end, their keys and passkeys open nothing',
  roles: PEOPLE,
  confirm: () => true,
  version: (input, deps) => etagOf(requireUser(deps, input.user)),
  input: z.strictObject({
    user: Id,
    roles: z.array(z.enum(ROLES)).max(ROLES.length).optional(),
    disabled: z.boolean().optional(),
    reason: z.string().trim().min(3).max(1_000),
  }),
  output: z.strictObject({ user: Id, roles: z.array(z.string()), disabled: z.boolean() }),
  target: (input) => input.user,
  run(deps, { user: id, roles: wanted, disabled, reason }, actor) {
    const user = requireUser(deps, id)
    // Only an owner changes an owner, so one always stays.
    if (id === actor.user.id) throw new GatewayError('CONFLICT', 'nobody changes their own roles; somebody else does')
    const roles = wanted ? [...new Set(wanted)] : user.roles
    requireMayGive(
      [...roles, ...user.roles].filter((role) => roles.includes(role) !== user.roles.includes(role)),
      actor.user,
    )
    // An admin cannot lock out who stands above them either.
    if (disabled !== undefined) requireMayGive(user.roles, actor.user)
    const { disabledMs, ...rest } = user
    const off = disabled ?? disabledMs !== undefined
    const value: UserRecord = { ...rest, roles, ...(off && { disabledMs: disabledMs ?? deps.nowMs() }) }
    const ended = off ? deps.state.webSessions().filter((one) => one.user === id) : []
    const links = off ? deps.state.enrolments().filter((one) => one.user === id) : []
    const changes: Change[] = [
      { op: 'put', kind: 'user', value },
      ...ended.map(({ hash }) => endSession(hash)),
      ...links.map(({ hash }): Change => ({ op: 'delete', kind: 'enrolment', key: hash })),
    ]
    return { output: { user: id, roles, disabled: off }, changes, detail: { roles, disabled: off, reason } }
  },
})

export const userLink = defineVerb({
  name: 'user.link',
  summary: 'Make a link with which a person enrols, once: a passkey, or an account at a provider',
  roles: PEOPLE,
  confirm: () => true,
  input: z.strictObject({ user: Id }),
  output: z.strictObject({
    user: Id,
    token: z.string().meta({ description: 'Secret; the link is <console>/enrol#<token>.' }),
    expiresMs: z.int(),
  }),
  target: (input) => input.user,
  run(deps, { user: id }, actor) {
    const config = requireConsole(deps)
    const user = requireUser(deps, id)
    if (user.disabledMs !== undefined) throw new GatewayError('CONFLICT', 'the person is disabled')
    if (id !== actor.user.id) requireMayGive(user.roles, actor.user)
    const nowMs = deps.nowMs()
    const token = newToken(deps.randomBytes)
    const hash = hashToken(token)
    const expiresMs = nowMs + config.linkMs
    // A person has one link at a time: whoever found an older one has nothing.
    const gone = deps.state.enrolments().filter((one) => one.user === id || nowMs >= one.expiresMs)
    if (deps.state.enrolments().length - gone.length >= LINKS_MAX)
      throw new GatewayError('CONFLICT', `at most ${LINKS_MAX} links are open at once`)
    const changes: Change[] = [
      ...gone.map((one): Change => ({ op: 'delete', kind: 'enrolment', key: one.hash })),
      { op: 'insert', kind: 'enrolment', value: { hash, user: id, createdMs: nowMs, createdBy: actor.user.id, expiresMs } },
    ]
    return { output: { user: id, token, expiresMs }, changes, detail: { expiresMs } }
  },
})

function requireUser({ state }: Pick<ControlDeps, 'state'>, id: string): UserRecord {
  const user = state.user(id)
  if (user) return user
  throw new GatewayError('NOT_FOUND', 'no such person; see "user list"')
}

/** @throws GatewayError `IDENTITY_FORBIDDEN` where only an owner may give or take such a role */
export function requireMayGive(roles: readonly Role[], { roles: own }: UserRecord): void {
  const high = roles.filter((role) => OWNERS_GIVE.includes(role))
  if (high.length === 0 || own.includes('owner')) return
  throw new GatewayError('IDENTITY_FORBIDDEN', `only an owner sees to people with the role ${high.join(', ')}`)
}

function etagOf({ createdMs: _, ...user }: UserRecord): string {
  return sha256Hex(jcs(user as unknown as Json)).slice(0, 32)
}
