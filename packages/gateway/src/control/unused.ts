import { Id } from '@sallyport/core'
import { z } from 'zod'
import type { ManifestVersionRecord } from '../state-records.ts'
import { defineVerb, type ControlDeps } from './define-verb.ts'
import { findUses, GRANT_KINDS, keyOf, type GrantPlace } from './find-uses.ts'
import { prunedText } from './prune-manifest.ts'
import { requireStanding } from './require.ts'

/** Largest manifest text a request carries; a larger one is proposed without its comments. */
export const MANIFEST_TEXT_CHARS_MAX = 500_000
const DAY_MS = 86_400_000

/** Most grants one request may ask about. */
const GRANTS_MAX = 5_000

const Place = z.strictObject({ task: Id, kind: z.enum(GRANT_KINDS), name: z.string().max(600) })
const Unused = z.strictObject({
  ...Place.shape,
  grantedMs: z.int().meta({ description: 'Since when every version of the manifest holds the grant.' }),
})

export const manifestUnused = defineVerb({
  name: 'manifest.unused',
  summary: 'Grants the agent did not use for some days, and the manifest without them',
  roles: ['owner', 'admin', 'engineer', 'author', 'security', 'analyst', 'auditor', 'agent-owner', 'compliance'],
  reads: true,
  input: z.strictObject({
    agent: Id,
    days: z.int().min(1).max(3_650).default(30),
    text: z
      .string()
      .max(MANIFEST_TEXT_CHARS_MAX)
      .optional()
      .meta({ description: 'Text of the manifest file; the proposal then keeps its comments and order.' }),
    before: z.int().min(0).optional().meta({ description: 'Go on before this entry, with `next` of the answer before.' }),
    only: z.array(Place).max(GRANTS_MAX).optional().meta({ description: 'Look at these grants alone: those not seen in use yet.' }),
  }),
  output: z.strictObject({
    agent: Id,
    version: z.int(),
    hash: z.string(),
    days: z.int(),
    sinceMs: z.int(),
    fromMs: z.int().meta({ description: 'From this time on no entry was left out.' }),
    entries: z.int().meta({ description: 'Entries of the log that were read.' }),
    next: z
      .int()
      .optional()
      .meta({ description: 'Older entries of these days are left to read, before this one; absent at the end.' }),
    unused: z.array(Unused),
    young: z.array(Unused).meta({ description: 'Not used either, but granted within these days.' }),
    proposal: z.string().optional().meta({ description: 'The manifest without `unused`, as YAML; absent when nothing is to go.' }),
  }),
  target: (input) => input.agent,
  async run(deps, input) {
    const { newest } = await requireStanding(deps, input.agent)
    const sinceMs = Math.max(0, deps.nowMs() - input.days * DAY_MS)
    const only = input.only && new Set(input.only.map(keyOf))
    const grants = grantsOf(newest).filter((grant) => only?.has(keyOf(grant)) ?? true)
    const before = input.before === undefined ? {} : { before: input.before }
    const uses = await findUses(deps.audit, { agent: input.agent, grants, sinceMs, ...before })
    const ages = agesOf(deps, newest)
    const rows = uses.unused.map((grant) => ({ ...grant, grantedMs: ages(grant) }))
    const unused = rows.filter((row) => row.grantedMs <= sinceMs)
    const { fromMs, entries, complete, at } = uses
    return {
      output: {
        agent: input.agent,
        version: newest.version,
        hash: newest.hash,
        days: input.days,
        sinceMs,
        fromMs,
        entries,
        ...(!complete && { next: at }),
        unused,
        young: rows.filter((row) => row.grantedMs > sinceMs),
        ...(complete && unused.length > 0 && { proposal: prunedText(newest.manifest, unused, input.text) }),
      },
      detail: { days: input.days, entries, from: new Date(fromMs).toISOString(), unused: unused.length },
    }
  },
})

function grantsOf({ manifest }: ManifestVersionRecord): GrantPlace[] {
  return Object.entries(manifest.tasks).flatMap(([task, grants]) =>
    GRANT_KINDS.flatMap((kind) => Object.keys(grants[kind]).map((name) => ({ task, kind, name }))),
  )
}

/** How long each grant has been there: a grant of yesterday cannot have been idle for a month. */
function agesOf(deps: ControlDeps, newest: ManifestVersionRecord): (grant: GrantPlace) => number {
  const older = deps.state.manifestVersions(newest.agent).filter((one) => one.version < newest.version)
  return ({ task, kind, name }) => {
    let { createdMs } = newest
    for (const version of older.toReversed()) {
      const { tasks } = version.manifest
      if (!Object.hasOwn(tasks, task) || !Object.hasOwn(tasks[task]?.[kind] ?? {}, name)) break
      createdMs = version.createdMs
    }
    return createdMs
  }
}
