import { z } from 'zod'

const PARTS = ['work', 'guard', 'obey', 'control'] as const
export type Part = (typeof PARTS)[number]

/** One attempt of the agent and what became of it. */
export const DemoCall = z.strictObject({
  part: z.enum(PARTS),
  /** What the agent tried, in plain words. */
  says: z.string(),
  /** `server.tool`, a resource's URI, or an HTTP address. */
  target: z.string(),
  outcome: z.enum(['allowed', 'denied', 'failed']),
  reasons: z.array(z.string()),
  /** Index of the decision in the audit log; absent for what never became an act. */
  entry: z.int().optional(),
  /** The answer the agent got, in short. */
  answer: z.string(),
  isExpected: z.boolean(),
})
export type DemoCall = z.infer<typeof DemoCall>

/** Something the demo shows, and whether it held. */
export const DemoClaim = z.strictObject({ claim: z.string(), ok: z.boolean(), detail: z.string() })
export type DemoClaim = z.infer<typeof DemoClaim>

/** What `sallyport demo --json` prints. */
export const DemoReport = z.strictObject({
  ok: z.boolean(),
  durationMs: z.int(),
  calls: z.array(DemoCall),
  /** Tools that were denied while the agent obeyed: `server.tool` → calls that reached the server by then. */
  deniedToolCalls: z.record(z.string(), z.int()),
  audit: z.strictObject({ ok: z.boolean(), entries: z.int(), rootHash: z.string(), problem: z.string().optional() }),
  proof: z.strictObject({ entry: z.int(), ok: z.boolean(), text: z.string(), fault: z.string().optional() }).optional(),
  claims: z.array(DemoClaim),
})
export type DemoReport = z.infer<typeof DemoReport>
