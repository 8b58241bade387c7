import { APPROVAL_PEOPLE_MAX, DurationMs } from '@sallyport/core'
import { z } from 'zod'
import { ROLES } from './state-records.ts'

const Roles = z.array(z.enum(ROLES)).max(ROLES.length)

export const ApprovalsConfig = z
  .strictObject({
    roles: Roles.min(1)
      .default(['approver'])
      .meta({ description: 'Who decides on acts that wait for people. Without anybody in these roles such acts are refused.' }),
    fallback: Roles.default(['security', 'owner']).meta({ description: 'Who may decide as well once `slaMs` have passed.' }),
    slaMs: DurationMs.default(300_000).meta({ description: 'How long the first ones have, in milliseconds.' }),
    useWithinMs: DurationMs.default(600_000).meta({ description: 'How long an approval may be used once it is given.' }),
    holdMs: z.int().min(0).max(50_000).default(45_000).meta({
      description: 'How long a call waits for people before the agent is told to come back. Clients give up after a minute.',
    }),
    highPeople: z
      .int()
      .min(1)
      .max(APPROVAL_PEOPLE_MAX)
      .default(1)
      .meta({ description: 'How many people must approve an act of tier high.' }),
    creatorMayDecide: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether the person who created an agent decides on its acts. For one person alone on a laptop.' }),
    perHourMax: z.int().min(1).max(100_000).default(60).meta({
      description:
        'Most acts that one person approves in an hour; whoever approves more does not look. Others may, and no is always possible.',
    }),
    testWithinMs: DurationMs.optional().meta({
      description:
        'How old the newest "approvals test-gate" may be when somebody signs a manifest with new grants, in milliseconds; unset, none is asked for.',
    }),
    waitingMax: z.int().min(1).max(1_000).default(50).meta({ description: 'Most acts of one agent that wait at once.' }),
  })
  .meta({
    id: 'ApprovalsConfig',
    description: 'Who decides on acts that wait for people, and in what time. Nothing approves by itself.',
  })
export type ApprovalsConfig = z.infer<typeof ApprovalsConfig>
