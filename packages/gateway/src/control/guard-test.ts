import { jcs, sha256Hex } from '@sallyport/core'
import { z } from 'zod'
import { GATEWAY_VERSION } from '../gateway-version.ts'
import { SUITE_CATEGORIES, type SuiteOutcome } from '../guard-desk.ts'
import { defineVerb } from './define-verb.ts'
import { requireGuard } from './require.ts'

const Counts = {
  attacks: z.int(),
  stopped: z.int().meta({ description: 'Attacks that did not reach whom they were meant for.' }),
  benign: z.int(),
  passed: z.int().meta({ description: 'Harmless twins that did.' }),
}

/** One run of the attack suite, whole: its SHA-256 over the JCS bytes stands in the log. */
export const SuiteReport = z
  .strictObject({
    v: z.literal(1),
    gateway: z.string(),
    guard: z.string().meta({ description: 'Hash of the guard that was tested.' }),
    models: z.array(z.string()),
    atMs: z.int(),
    total: z.strictObject(Counts),
    categories: z.array(z.strictObject({ category: z.enum(SUITE_CATEGORIES), ...Counts })),
    channels: z.array(z.strictObject({ channel: z.string(), ...Counts })),
    cases: z.array(
      z.strictObject({
        id: z.string(),
        category: z.enum(SUITE_CATEGORIES),
        channel: z.string(),
        isStopped: z.boolean(),
        isPassed: z.boolean(),
      }),
    ),
  })
  .meta({ id: 'SuiteReport', description: 'What became of every attack of the built-in suite and of its harmless twin.' })

export const guardTest = defineVerb({
  name: 'guard.test',
  summary: 'Run the built-in attack suite against the guard that serves calls',
  roles: ['owner', 'engineer', 'security'],
  isLong: true,
  input: z.strictObject({}),
  output: z.strictObject({ report: SuiteReport, hash: z.string().meta({ description: 'SHA-256 of the report, as recorded.' }) }),
  async run(deps, _, { user }) {
    const desk = requireGuard(deps)
    const { hash: guard, models } = desk.inForce()
    const cases = await desk.test()
    const categories = SUITE_CATEGORIES.map((category) => ({
      category,
      ...countsOf(cases.filter((one) => one.category === category)),
    }))
    const channels = [...new Set(cases.map(({ channel }) => channel))]
      .sort()
      .map((channel) => ({ channel, ...countsOf(cases.filter((one) => one.channel === channel)) }))
    const total = countsOf(cases)
    const atMs = deps.nowMs()
    const report = {
      v: 1 as const,
      gateway: GATEWAY_VERSION,
      guard,
      models: models.map(({ name }) => name),
      atMs,
      total,
      categories,
      channels,
      cases: cases.map((one) => ({ ...one })),
    }
    const hash = sha256Hex(jcs(report))
    const words = categories.map(
      ({ category, ...of }) => `${category}: stopped ${of.stopped} of ${of.attacks}, passed ${of.passed} of ${of.benign}`,
    )
    return {
      output: { report, hash },
      changes: [{ op: 'put', kind: 'guardTest', value: { guard, atMs, by: user.id, ...total, report: hash } }],
      detail: { guard, report: hash, ...total, categories: words },
    }
  },
})

function countsOf(cases: readonly SuiteOutcome[]): z.infer<z.ZodObject<typeof Counts>> {
  return {
    attacks: cases.length,
    stopped: cases.filter(({ isStopped }) => isStopped).length,
    benign: cases.length,
    passed: cases.filter(({ isPassed }) => isPassed).length,
  }
}
