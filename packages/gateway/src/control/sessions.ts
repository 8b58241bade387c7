import { GatewayError, Id } from '@sallyport/core'
import { z } from 'zod'
import { LOCAL_ISSUER, USER_CREDENTIAL_PREFIX } from '../identity/credential.ts'
import { issueSessionToken, SESSION_TTL_MS_MAX } from '../identity/session-token.ts'
import type { Role } from '../state-records.ts'
import { defineVerb } from './define-verb.ts'
import { requireAgent } from './require.ts'

const SESSION_ID_BYTES = 16

export const sessionCreate = defineVerb({
  name: 'session.create',
  summary: 'A session token for an agent, acting for the person who asks',
  roles: ['owner', 'engineer', 'security', 'approver', 'agent-owner'],
  confirm: () => true,
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

/** Longest summary, in UTF-16 units. */
export const SUMMARY_CHARS_MAX = 20_000
/** Who answers for sessions that are for nobody. */
const FOR_NOBODY: readonly Role[] = ['owner', 'security']

export const sessionConfirm = defineVerb({
  name: 'session.confirm',
  summary:
    'Let your own session begin anew with a summary that you confirm: what it read before is forgotten and taints it no more',
  roles: ['owner', 'engineer', 'security', 'approver', 'agent-owner'],
  input: z.strictObject({
    agent: Id,
    session: z.string().min(1).max(200),
    text: z
      .string()
      .trim()
      .min(1)
      .max(SUMMARY_CHARS_MAX)
      .meta({ description: 'What the session is about, in words you stand for.' }),
    reason: z.string().trim().min(3).max(1_000),
  }),
  output: z.strictObject({
    agent: Id,
    session: z.string(),
    integrity: z.string().meta({ description: 'Of the least trusted content it had read.' }),
    classes: z.array(z.string()).readonly().meta({ description: 'Classes of data that stay with it.' }),
  }),
  target: (input) => input.session,
  async run({ summaries }, { agent, session, text, reason }, { user }) {
    if (!summaries) throw new GatewayError('CONFLICT', 'no gateway runs, so there are no sessions')
    const standing = await summaries.look(agent, session)
    if (!standing) throw new GatewayError('NOT_FOUND', 'the session holds nothing, or there is none of this name')
    const own = summaries.ownerName({ id: user.id, issuer: LOCAL_ISSUER })
    if (standing.owner !== own && (standing.owner !== undefined || !user.roles.some((role) => FOR_NOBODY.includes(role))))
      throw new GatewayError('IDENTITY_FORBIDDEN', 'only the person a session is for confirms what it is about')
    const { integrity, classes } = standing
    return {
      output: { agent, session, integrity, classes },
      after: () => summaries.begin(agent, session, { text, standing }),
      detail: { agent, reason, integrity, classes: [...classes], chars: text.length },
    }
  },
})
