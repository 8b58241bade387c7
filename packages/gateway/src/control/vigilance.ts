import { approvalDetail, type ApprovalRecord, GatewayError, vigilanceOf } from '@sallyport/core'
import { z } from 'zod'
import { SYSTEM_ACTOR } from '../system-entries.ts'
import { requireRequest, viewOf } from './approval-views.ts'
import { ApprovalId } from './approvals.ts'
import { defineVerb } from './define-verb.ts'

const DAY_MS = 86_400_000
const ID_BYTES = 12
const BINDING_BYTES = 32

const Count = z.int().min(0)

export const approvalVigilance = defineVerb({
  name: 'approval.vigilance',
  summary: 'How people decide: how fast, how often they say no, what nobody answered, and whether they look',
  roles: ['owner', 'security', 'analyst', 'auditor', 'compliance'],
  reads: true,
  input: z.strictObject({ days: z.int().min(1).max(30).default(30).meta({ description: 'Requests of so many days.' }) }),
  output: z.strictObject({
    asked: Count,
    approved: Count,
    rejected: Count,
    expired: Count,
    cancelled: Count,
    pending: Count,
    approvedShare: z.number().optional().meta({ description: 'Of what people decided.' }),
    decidedP50Ms: Count.optional().meta({ description: 'From asking to the last vote.' }),
    decidedP95Ms: Count.optional(),
    people: z.array(
      z.strictObject({
        user: z.string(),
        decided: Count,
        approved: Count,
        lookP50Ms: Count.optional().meta({ description: 'From the first look to the vote, of the 50 newest.' }),
        isRubberStamp: z.boolean().meta({
          description: 'Of their 50 newest votes more than 98 % approve, with a median of less than three seconds.',
        }),
        tests: Count.meta({ description: 'Requests that were none, to see whether people look.' }),
        testsMissed: Count,
      }),
    ),
  }),
  run({ state, nowMs }, { days }) {
    const at = nowMs()
    const { people, ...all } = vigilanceOf(
      state.approvals().filter(({ askedMs }) => askedMs > at - days * DAY_MS),
      at,
    )
    return { output: { ...all, people: [...people] } }
  },
})

export const approvalSeed = defineVerb({
  name: 'approval.seed',
  summary: 'Show people an act once more that was rejected, to see whether they look; approving it does nothing',
  roles: ['owner', 'security'],
  input: z.strictObject({ of: ApprovalId.meta({ description: 'A request that people rejected.' }) }),
  output: z.strictObject({ id: ApprovalId }),
  target: (input) => input.of,
  async run(deps, { of }, { user }) {
    const known = requireRequest(deps, of)
    if (known.state !== 'rejected' || known.seeded) throw new GatewayError('CONFLICT', 'only what people rejected is a test')
    // What nobody could look at would tell nothing.
    await viewOf(deps, known)
    const hex = (bytes: number): string => Buffer.from(deps.randomBytes(bytes)).toString('hex')
    const value = seedOf(known, { id: `apr-${hex(ID_BYTES)}`, binding: hex(BINDING_BYTES), by: user.id, askedMs: deps.nowMs() })
    return {
      output: { id: value.id },
      changes: [{ op: 'insert', kind: 'approval', value }],
      // People hear of it as of any other.
      after: async () => {
        await deps.audit.append({
          type: 'admin',
          actor: SYSTEM_ACTOR,
          verb: 'approval.asked',
          target: value.id,
          outcome: 'done',
          detail: approvalDetail(value),
        })
      },
      detail: { id: value.id },
    }
  },
})

/** The same request, asked now, of which no act will ever be: no act has its binding. */
function seedOf(
  { endedMs: _, ...known }: ApprovalRecord,
  { id, binding, by, askedMs }: { id: string; binding: string; by: string; askedMs: number },
): ApprovalRecord {
  return {
    ...known,
    id,
    binding,
    excluded: [...new Set([...known.excluded, by])],
    askedMs,
    escalateMs: askedMs + (known.escalateMs - known.askedMs),
    expiresMs: askedMs + (known.expiresMs - known.askedMs),
    told: 0,
    votes: [],
    seeded: { by, of: known.id },
    state: 'pending',
  }
}
