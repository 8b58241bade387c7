import { GatewayError, Id } from '@sallyport/core'
import { z } from 'zod'
import { LOCAL_ISSUER, USER_CREDENTIAL_PREFIX } from '../identity/credential.ts'
import { issueSessionToken, SESSION_TTL_MS_MAX } from '../identity/session-token.ts'
import { defineVerb } from './define-verb.ts'
import { requireAgent } from './require.ts'

const SESSION_ID_BYTES = 16

export const sessionCreate = defineVerb({
  name: 'session.create',
  summary: 'A session token for an agent, acting for the person who asks',
  roles: ['owner', 'engineer', 'security', 'approver'],
  input: z.strictObject({
    agent: Id,
    task: Id,
    purpose: z.string().min(1).max(500).optional(),
    ttlMs: z.int().min(1_000).max(SESSION_TTL_MS_MAX).default(SESSION_TTL_MS_MAX),
  }),
  output: z.strictObject({ agent: Id, task: Id, user: Id, session: z.string(), token: z.string(), expiresMs: z.int() }),
  target: (input) => input.agent,
  async run(deps, input, { user }) {
    const agent = requireAgent(deps, input.agent)
    if (agent.isolated !== undefined) throw new GatewayError('CONFLICT', 'the agent is isolated')
    const manifest = deps.manifests.current(input.agent)
    if (!manifest?.tasks.has(input.task)) throw new GatewayError('NOT_FOUND', 'the agent’s manifest has no such task type')
    const session = Buffer.from(deps.randomBytes(SESSION_ID_BYTES)).toString('base64url')
    const { token, expiresMs } = await issueSessionToken(
      {
        agent: input.agent,
        user: { id: user.id, issuer: LOCAL_ISSUER, attributes: user.attributes },
        session,
        task: input.task,
        epoch: agent.epoch,
        credential: `${USER_CREDENTIAL_PREFIX}${user.id}`,
        ...(input.purpose === undefined ? {} : { purpose: input.purpose }),
      },
      { key: deps.home.deriveKey('session'), nowMs: deps.nowMs(), ttlMs: input.ttlMs },
    )
    return {
      output: { agent: input.agent, task: input.task, user: user.id, session, token, expiresMs },
      detail: { session, task: input.task, expiresMs },
    }
  },
})
