import { z } from 'zod'

/** Every kind of gap a record can have. `isAlert`: somebody has to look; the others are said so that a window is whole. */
export const GAP_KINDS = {
  index: { isAlert: true, means: 'indexes are missing between two entries' },
  orphan: { isAlert: true, means: 'an outcome names no open decision of the same act' },
  open: { isAlert: true, means: 'an allowed act has had neither outcome nor `unknown` for too long' },
  silence: { isAlert: true, means: 'a gateway ran and nothing was written for longer than its sign of life allows' },
  ended: { isAlert: true, means: 'a gateway ended without saying so; from its last entry on nothing is known' },
  down: { isAlert: false, means: 'no gateway ran, so nothing could pass' },
  clock: { isAlert: true, means: 'the clock was set or stood still, so times around it are in doubt' },
  suppressed: { isAlert: true, means: 'refusals of unidentified callers were counted instead of written' },
  replica: { isAlert: true, means: 'a replica went silent' },
} as const satisfies Record<string, { isAlert: boolean; means: string }>
export type GapKind = keyof typeof GAP_KINDS

/** One place where the record is not whole. */
export const Gap = z.strictObject({
  kind: z.enum(Object.keys(GAP_KINDS) as [GapKind, ...GapKind[]]),
  /** Last entry before it. */
  from: z.int().min(-1),
  /** First entry after it, or the entry that tells of it. */
  to: z.int().min(0),
  since: z.iso.datetime({ precision: 3 }).optional(),
  until: z.iso.datetime({ precision: 3 }).optional(),
  /** How many are missing, for `index` and `suppressed`. */
  count: z.int().min(1).optional(),
  /** What it is about: a replica, an agent. */
  about: z.string().max(200).optional(),
})
export type Gap = z.infer<typeof Gap>

/** The same text for the same gap, whoever finds it and how often. */
export function gapName({ kind, from, to }: Pick<Gap, 'kind' | 'to' | 'from'>): string {
  return `${kind}:${from}-${to}`
}
