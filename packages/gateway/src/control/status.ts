import { z } from 'zod'
import { ROLES } from '../state-records.ts'
import { defineVerb } from './define-verb.ts'

export const status = defineVerb({
  name: 'status',
  summary: 'What runs, who is isolated, what awaits people',
  roles: ROLES,
  input: z.strictObject({}),
  output: z.strictObject({
    running: z.strictObject({ url: z.string(), streams: z.int() }).optional(),
    agents: z.int(),
    isolated: z.array(z.string()),
    manifests: z.array(z.strictObject({ agent: z.string(), version: z.int(), signed: z.boolean(), proposed: z.int() })),
    problems: z.array(z.strictObject({ agent: z.string(), file: z.string(), problem: z.string() })),
    entries: z.int(),
  }),
  run(deps) {
    const agents = deps.state.agents()
    const running = deps.running?.()
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
        entries: deps.audit.size(),
      },
    }
  },
})
