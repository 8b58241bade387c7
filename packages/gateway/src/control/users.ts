import { GatewayError, Id } from '@sallyport/core'
import { z } from 'zod'
import { ROLES, UserRecord } from '../state-records.ts'
import { defineVerb } from './define-verb.ts'

export const userCreate = defineVerb({
  name: 'user.create',
  summary: 'Register a person with their public key and roles',
  roles: ['owner'],
  input: z.strictObject({
    user: Id,
    roles: z.array(z.enum(ROLES)).max(ROLES.length),
    attributes: UserRecord.shape.attributes.default({}),
    publicKey: UserRecord.shape.publicKey.meta({ description: 'Ed25519 public key, 32 bytes, base64.' }),
  }),
  output: z.strictObject({ user: Id, roles: z.array(z.string()) }),
  target: (input) => input.user,
  run(deps, input, actor) {
    if (deps.state.user(input.user) !== undefined) throw new GatewayError('CONFLICT', 'the user exists')
    if (deps.state.users().some((user) => user.publicKey === input.publicKey))
      throw new GatewayError('CONFLICT', 'this key belongs to another user')
    const roles = [...new Set(input.roles)]
    const value = {
      id: input.user,
      roles,
      attributes: input.attributes,
      publicKey: input.publicKey,
      createdMs: deps.nowMs(),
      createdBy: actor.user.id,
    }
    return { output: { user: input.user, roles }, changes: [{ op: 'insert', kind: 'user', value }], detail: { roles } }
  },
})

export const userList = defineVerb({
  name: 'user.list',
  summary: 'People and their roles',
  roles: ['owner', 'security', 'auditor'],
  input: z.strictObject({}),
  output: z.strictObject({
    users: z.array(
      z.strictObject({
        id: Id,
        roles: z.array(z.string()),
        attributes: UserRecord.shape.attributes,
        createdMs: z.int(),
        disabledMs: z.int().optional(),
      }),
    ),
  }),
  run(deps) {
    const users = deps.state.users().map(({ id, roles, attributes, createdMs, disabledMs }) => ({
      id,
      roles,
      attributes,
      createdMs,
      ...(disabledMs === undefined ? {} : { disabledMs }),
    }))
    return { output: { users } }
  },
})
