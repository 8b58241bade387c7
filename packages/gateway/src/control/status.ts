import { LogSizes } from '@sallyport/core'
import { z } from 'zod'
import { ROLES } from '../state-records.ts'
import { defineVerb } from './define-verb.ts'

const Witnesses = z.strictObject({
  atLeast: z.int(),
  witnessed: z.int(),
  isOverdue: z.boolean().meta({ description: 'Whether too few witnesses vouch for the log, for longer than the grace.' }),
  stopActs: z.string(),
  witnesses: z.array(
    z.strictObject({
      name: z.string(),
      size: z.int(),
      atMs: z.int().optional(),
      contradiction: z
        .strictObject({ reason: z.string(), witnessSize: z.int().optional(), atMs: z.int() })
        .optional()
        .meta({ description: 'The witness cosigned something this log does not contain.' }),
    }),
  ),
})

export const status = defineVerb({
  name: 'status',
  summary: 'What runs, who is isolated, what awaits people',
  roles: ROLES,
  reads: true,
  input: z.strictObject({}),
  output: z.strictObject({
    running: z
      .strictObject({
        url: z.string(),
        publicUrl: z.string().optional().meta({ description: 'What agents call, when a proxy stands in front.' }),
        streams: z.int(),
      })
      .optional(),
    agents: z.int(),
    isolated: z.array(z.string()),
    manifests: z.array(z.strictObject({ agent: z.string(), version: z.int(), signed: z.boolean(), proposed: z.int() })),
    problems: z.array(z.strictObject({ agent: z.string(), file: z.string(), problem: z.string() })),
    entries: z.int(),
    log: LogSizes.meta({ description: 'How many entries, from the start, are durable, checkpointed, witnessed, anchored.' }),
    witnesses: Witnesses.optional(),
    anchors: z
      .array(z.strictObject({ id: z.string(), size: z.int(), atMs: z.int().optional(), problem: z.string().optional() }))
      .optional()
      .meta({ description: 'How many entries each place outside covers; `problem` is why it takes no more.' }),
  }),
  async run(deps) {
    const agents = deps.state.agents()
    const running = deps.running?.()
    const witnesses = deps.standing.report()
    const log = await deps.standing.sizes()
    const anchors = deps.anchors?.() ?? []
    const manifests = deps.manifests.agents().flatMap((agent) => {
      const manifest = deps.manifests.current(agent)
      return manifest === undefined
        ? []
        : [{ agent, version: manifest.version, signed: manifest.signed, proposed: manifest.proposed.length }]
    })
    return {
      output: {
        ...(running && { running }),
        agents: agents.length,
        isolated: agents.filter((agent) => agent.isolated !== undefined).map((agent) => agent.id),
        manifests,
        problems: deps.manifests.problems(),
        entries: log.durable,
        log,
        ...(anchors.length > 0 && { anchors: [...anchors] }),
        ...(witnesses && { witnesses: { ...witnesses, witnesses: [...witnesses.witnesses] } }),
      },
    }
  },
})
