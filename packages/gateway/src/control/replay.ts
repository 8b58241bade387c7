import { type DecisionEntry, EFFECTS, type Entry, Id, replayDecision, type Replayed } from '@sallyport/core'
import { z } from 'zod'
import { parseManifest } from '../manifests/read-folder.ts'
import { YAML_BYTES_MAX } from '../read-yaml.ts'
import { defineVerb } from './define-verb.ts'
import { pickSince } from './read-log.ts'
import { requireStanding } from './require.ts'

const DAY_MS = 86_400_000
const CHANGES_MAX = 500
const Effect = z.enum(EFFECTS)
const Changed = z.strictObject({
  task: z.string(),
  kind: z.string(),
  name: z.string(),
  before: Effect,
  after: Effect,
  isCertain: z.boolean().meta({
    description: 'Whether it is known; the log holds no arguments, so what a changed bound on them would have said is not.',
  }),
  reasons: z.array(z.string()),
  count: z.int(),
  last: z.int().meta({ description: 'Entry of the newest of them.' }),
})

export const manifestReplay = defineVerb({
  name: 'manifest.replay',
  summary: 'What a manifest would have done with the acts of some days, before it is saved: blocked, asked about, newly allowed',
  roles: ['owner', 'admin', 'engineer', 'author', 'security', 'analyst', 'auditor', 'agent-owner', 'compliance'],
  reads: true,
  isLong: true,
  input: z.strictObject({
    agent: Id,
    text: z.string().min(1).max(YAML_BYTES_MAX).meta({ description: 'The manifest file, as YAML.' }),
    days: z.int().min(1).max(365).default(7),
  }),
  output: z.strictObject({
    agent: Id,
    hash: z.string(),
    fromMs: z.int().meta({ description: 'From this time on no entry was left out.' }),
    entries: z.int().meta({ description: 'Entries of the log that were read.' }),
    acts: z.int().meta({ description: 'Acts that a grant decides.' }),
    same: z.int().meta({ description: 'Of them, those that would surely be decided as they were.' }),
    changes: z.array(Changed).meta({ description: 'The others by task, name and effect; the most frequent first.' }),
  }),
  target: (input) => input.agent,
  async run(deps, { agent, text, days }) {
    const { newest } = await requireStanding(deps, agent)
    const parsed = parseManifest(text, `${agent}.yaml`)
    // As if everybody had signed it: that it has to be signed is known.
    const compiled = deps.manifests.compile(
      { agent, version: newest.version + 1, ...parsed, createdMs: deps.nowMs() },
      { signed: true },
    )
    const was = new Map(deps.state.manifestVersions(agent).map(({ hash, manifest }) => [hash, manifest]))
    const effectOf = (server: string, tool: string) => deps.state.pin(server, tool)?.effect
    const own = (entry: Entry): { entry: DecisionEntry; replayed: Replayed }[] => {
      if (entry.type !== 'decision' || entry.actor.id !== agent) return []
      const under = { was: was.get(entry.versions.manifest ?? ''), next: parsed.manifest, compiled, effectOf }
      const replayed = replayDecision(entry, under)
      return replayed ? [{ entry, replayed }] : []
    }
    const { found, fromMs, entries } = await pickSince(deps.audit, Math.max(0, deps.nowMs() - days * DAY_MS), own)
    const changed = found.filter(({ replayed }) => replayed.before !== replayed.after || !replayed.isCertain)
    const same = found.length - changed.length
    return {
      output: { agent, hash: parsed.hash, fromMs, entries, acts: found.length, same, changes: grouped(changed) },
      detail: { days, hash: parsed.hash, acts: found.length },
    }
  },
})

function grouped(acts: readonly { entry: DecisionEntry; replayed: Replayed }[]): z.infer<typeof Changed>[] {
  const groups = new Map<string, z.infer<typeof Changed>>()
  for (const { entry, replayed } of acts) {
    const { kind, server = '', name = '' } = entry.action
    const { before, after, isCertain, reasons } = replayed
    const row = { task: entry.task ?? '', kind, name: `${server}.${name}`, before, after, isCertain, reasons: [...reasons] }
    const key = JSON.stringify(row)
    groups.set(key, { ...row, count: (groups.get(key)?.count ?? 0) + 1, last: entry.index })
  }
  return [...groups.values()].sort((a, b) => b.count - a.count).slice(0, CHANGES_MAX)
}
