import { type CompiledManifest, GUARD_LAYERS, GuardThresholds, Id, weaknesses } from '@sallyport/core'
import { z } from 'zod'
import type { GuardInForce } from '../guard-desk.ts'
import { LABELS } from '../state-records.ts'
import { alertDelays } from './alert-delays.ts'
import { type ControlDeps, defineVerb } from './define-verb.ts'
import { requireAgent, requireGuard } from './require.ts'

const DAY_MS = 86_400_000
/** A quarter: models are trained again by then (R070). */
const RETRAIN_MS = 92 * DAY_MS

const Why = z.strictObject({
  what: z.string().meta({ description: 'The setting, or the exception.' }),
  agent: z.string().optional(),
  reason: z.string().optional(),
  until: z.string().optional(),
})
const Layer = z.strictObject({ layer: z.enum(GUARD_LAYERS), state: z.enum(['active', 'weakened']), why: z.array(Why) })
const Score = z.number().min(0).max(1).meta({ description: 'Share of layers that are active × share of sources with a profile.' })

export const guardStatus = defineVerb({
  name: 'guard.status',
  summary: 'How well agents are guarded: layers, models, sources, last test, time to alert',
  roles: ['owner', 'admin', 'engineer', 'author', 'security', 'analyst', 'auditor', 'agent-owner', 'compliance'],
  reads: true,
  isLong: true,
  input: z.strictObject({ agent: Id.optional() }),
  output: z.strictObject({
    hash: z.string().meta({ description: 'SHA-256 over policy, detectors and models.' }),
    score: Score,
    agents: z.array(z.strictObject({ agent: z.string(), score: Score, layers: z.array(Layer), unprofiled: z.array(z.string()) })),
    unprofiled: z.array(z.string()).meta({ description: 'Servers that nobody described: nothing of them is called.' }),
    sources: z.int().meta({ description: 'Configured servers.' }),
    thresholds: GuardThresholds,
    detectors: z.array(z.string()),
    models: z.array(z.strictObject({ name: z.string(), sha256: z.string(), trainedOn: z.string() })),
    retraining: z.strictObject({ dueMs: z.int(), isOverdue: z.boolean() }).optional(),
    labels: z.strictObject({
      ...(Object.fromEntries(LABELS.map((label) => [label, z.int()])) as Record<(typeof LABELS)[number], z.ZodInt>),
      dataset: z.int().meta({ description: 'Version exported last; 0 before the first.' }),
    }),
    test: z
      .strictObject({
        atMs: z.int(),
        by: z.string(),
        attacks: z.int(),
        stopped: z.int(),
        benign: z.int(),
        passed: z.int(),
        report: z.string(),
        isInForce: z.boolean().meta({ description: 'Whether it tested the guard in force, not an earlier one.' }),
      })
      .optional(),
    testBefore: z.enum(['never', 'sign']),
    alerts: z
      .strictObject({
        alerts: z.int(),
        medianMs: z.number(),
        maxMs: z.number(),
        rules: z.record(z.string(), z.int()).meta({
          description: 'How many of them each rule raised; `content-drift` is what poisoned models or sources look like.',
        }),
      })
      .optional()
      .meta({ description: 'From an entry to the alert it raised, over the newest alerts (R074).' }),
  }),
  async run(deps, { agent }) {
    if (agent !== undefined) requireAgent(deps, agent)
    const guard = requireGuard(deps).inForce()
    const agents = (agent === undefined ? deps.manifests.agents() : [agent]).map((id) => postureOf(deps, guard, id))
    const unprofiled = [...guard.servers].filter(([, { isProfiled }]) => !isProfiled).map(([id]) => id)
    const sources = guard.servers.size
    const layers = agents.length === 0 ? layersOf(deps, guard, {}) : agents.flatMap((one) => one.layers)
    const alerts = await alertDelays(deps.audit)
    const { policy, hash, detectors, models } = guard
    return {
      output: {
        hash,
        score: scoreOf(layers, { sources, unprofiled: unprofiled.length }),
        agents,
        unprofiled,
        sources,
        thresholds: policy.thresholds,
        detectors: [...detectors],
        models: models.map((model) => ({ ...model })),
        ...retraining(guard, deps.nowMs()),
        labels: labelsOf(deps),
        ...testOf(deps, hash),
        testBefore: policy.testBefore,
        ...(alerts && { alerts: { ...alerts } }),
      },
    }
  },
})

type LayerState = z.infer<typeof Layer>

function postureOf({ manifests, nowMs }: ControlDeps, guard: GuardInForce, agent: string) {
  const manifest = manifests.current(agent)
  const layers = layersOf({ nowMs }, guard, { agent, ...(manifest && { observe: manifest.observe }) })
  const reached = [...serversOf(manifest)].filter((id) => guard.servers.has(id)).sort()
  const unprofiled = reached.filter((id) => guard.servers.get(id)?.isProfiled === false)
  return { agent, score: scoreOf(layers, { sources: reached.length, unprofiled: unprofiled.length }), layers, unprofiled }
}

function layersOf(
  { nowMs }: Pick<ControlDeps, 'nowMs'>,
  { policy }: GuardInForce,
  of: { readonly agent?: string; readonly observe?: CompiledManifest['observe'] },
): LayerState[] {
  const found = weaknesses(policy, { nowMs: nowMs(), ...of })
  return GUARD_LAYERS.map((layer) => {
    const why = found.filter((one) => one.layer === layer).map(({ layer: _, ...rest }) => rest)
    return { layer, state: why.length === 0 ? 'active' : 'weakened', why }
  })
}

/** Servers whose content a manifest lets an agent have. */
function serversOf(manifest: CompiledManifest | undefined): ReadonlySet<string> {
  const names = [...(manifest?.tasks.values() ?? [])].flatMap(({ tools, prompts, resources }) => [
    ...tools.keys(),
    ...prompts.keys(),
    ...resources.exact.keys(),
  ])
  return new Set(names.map((name) => name.slice(0, name.indexOf('.'))))
}

function scoreOf(
  layers: readonly LayerState[],
  { sources, unprofiled }: { readonly sources: number; readonly unprofiled: number },
): number {
  const active = layers.length === 0 ? 1 : layers.filter(({ state }) => state === 'active').length / layers.length
  const profiled = sources === 0 ? 1 : (sources - unprofiled) / sources
  return Math.round(active * profiled * 1_000) / 1_000
}

function retraining(
  { models }: GuardInForce,
  nowMs: number,
): { readonly retraining?: { readonly dueMs: number; readonly isOverdue: boolean } } {
  if (models.length === 0) return {}
  const dueMs = Math.min(...models.map(({ trainedOn }) => Date.parse(trainedOn))) + RETRAIN_MS
  return { retraining: { dueMs, isOverdue: nowMs > dueMs } }
}

function labelsOf({ state }: ControlDeps) {
  const labels = state.guardLabels()
  const count = (wanted: (typeof LABELS)[number]): number => labels.filter(({ label }) => label === wanted).length
  const dataset = state.guardDatasets().at(-1)?.version ?? 0
  return { missed: count('missed'), confirmed: count('confirmed'), false_alarm: count('false_alarm'), dataset }
}

function testOf({ state }: ControlDeps, hash: string) {
  const test = state.guardTest()
  if (!test) return {}
  const { guard, ...rest } = test
  return { test: { ...rest, isInForce: guard === hash } }
}
