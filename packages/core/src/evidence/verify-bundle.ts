import { z } from 'zod'
import { BundleItem, BundleManifest } from './bundle-manifest.ts'
import { BUNDLE_PROBLEMS, type BundleProblemCode } from './bundle-problems.ts'
import type { BundleProblem } from './bundle-problems.ts'
import { checkAnswers } from './check-answers.ts'
import { checkEntries, checkNeeded } from './check-entries.ts'
import { openBundle, problem, type BundleFiles, type BundleTrust, type OpenBundle } from './open-bundle.ts'

const Count = z.int().min(0)

/** The verdict on a bundle. */
export const BundleReport = z.strictObject({
  ok: z.boolean(),
  /** Whether a key given by the one who verifies signed it. */
  isAuthentic: z.boolean(),
  problem: z
    .strictObject({
      code: z.enum(Object.keys(BUNDLE_PROBLEMS) as [BundleProblemCode, ...BundleProblemCode[]]),
      at: z.union([z.string(), z.number()]).optional(),
      detail: z.string().optional(),
      means: z.string(),
    })
    .optional(),
  origin: z.string().optional(),
  /** Entries of the log under its checkpoint. */
  size: Count.optional(),
  /** Entries before this index were pruned, as the operator says. */
  prunedTo: Count.optional(),
  createdAt: z.string().optional(),
  purpose: z.string().optional(),
  window: BundleManifest.shape.window.optional(),
  coverage: BundleManifest.shape.coverage.optional(),
  /** Entries in the window, and how many of them are disclosed. */
  population: Count.optional(),
  disclosed: Count.optional(),
  items: z.array(BundleItem.omit({ selected: true }).extend({ selected: Count })).optional(),
  gaps: Count.optional(),
  /** Trusted witnesses that cosigned, and the entries that covers. */
  cosigned: z.strictObject({ names: z.array(z.string()), size: Count }).optional(),
})
export type BundleReport = z.infer<typeof BundleReport>

/**
 * Checks a bundle with nothing but itself and the keys given: no clock, no network, no gateway. Stops at the first thing that is
 * wrong. Without keys it is judged `key_unknown` at best.
 */
export function verifyBundle(files: BundleFiles, trust: BundleTrust): BundleReport {
  const bundle = openBundle(files, trust)
  if ('problem' in bundle) return failed(bundle.problem)
  const checked = checkEntries(bundle)
  if ('problem' in checked) return failed(checked.problem, bundle)
  const bad = checkAnswers(bundle.manifest, checked.entries) ?? checkNeeded(bundle.manifest)
  if (bad) return failed(bad.problem, bundle)
  const isAuthentic = (trust.keys ?? trust.roots) !== undefined
  const report = { ...tell(bundle), isAuthentic, disclosed: checked.entries.size }
  return isAuthentic ? { ...report, ok: true } : { ...report, ...failed(problem('key_unknown').problem) }
}

function failed(found: BundleProblem, bundle?: OpenBundle): BundleReport {
  const { means } = BUNDLE_PROBLEMS[found.code]
  return { ...(bundle && tell(bundle)), ok: false, isAuthentic: false, problem: { ...found, means } }
}

function tell({ manifest, checkpoint, cosigned }: OpenBundle): Omit<BundleReport, 'ok' | 'isAuthentic'> {
  return {
    origin: checkpoint.origin,
    size: checkpoint.size,
    prunedTo: manifest.log.prunedTo,
    createdAt: manifest.createdAt,
    purpose: manifest.purpose,
    window: manifest.window,
    coverage: manifest.coverage,
    population: manifest.population.entries,
    items: manifest.items.map(({ selected, ...item }) => ({ ...item, selected: selected.length })),
    gaps: manifest.population.gapCount,
    cosigned: { names: [...cosigned.names], size: cosigned.size },
  }
}
