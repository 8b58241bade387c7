import { REASONS, type Entry, type EntryState } from '@sallyport/core'
import { VERBS } from '@sallyport/gateway'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { actionName, entryLine } from '../../describe-entry.ts'
import { parseCount } from '../../options.ts'
import { shown } from '../../shown.ts'

export const command = defineCommand({
  configure(command, act) {
    command.argument('<entry>', 'index of an entry', parseCount).action(
      act(VERBS['audit.read'].output, async (context, index: number) => {
        const output = await openClient(context).call('audit.read', { index })
        return { output, text: `${story(output.entry, output.related)}\n  held     ${HELD[output.state]}` }
      }),
    )
  },
})

/** What the state of an entry means for whoever relies on it. */
const HELD: Readonly<Record<EntryState, string>> = {
  durable: 'durable: on disk, not yet under a signed checkpoint',
  checkpointed: 'checkpointed: under a checkpoint signed with the log’s key',
  witnessed: 'witnessed: under a checkpoint that enough witnesses cosigned',
  anchored: 'anchored: under a checkpoint held where nobody here can change it',
}

/** The story of one entry, top to bottom: who wanted what, what was decided and why, what came of it. */
function story(entry: Entry, related: readonly Entry[]): string {
  if (entry.type === 'evaluation') return [...decisionLines(entry), '  asked    only: nothing was done'].join('\n')
  if (entry.type === 'decision') return [...decisionLines(entry), ...outcomeLines(related)].join('\n')
  const before = related.flatMap((one) => (one.type === 'decision' ? [...decisionLines(one), ''] : []))
  if (entry.type === 'outcome' || entry.type === 'unknown') return [...before, ...outcomeLines([entry])].join('\n')
  const rows = Object.entries(entry.type === 'admin' ? entry.detail : entry.claims).map(
    ([name, value]) => `  ${shown(name)}: ${shown(String(value))}`,
  )
  const note = entry.type === 'refusal' && rows.length > 0 ? ['What the caller claimed (not verified):'] : []
  return [entryLine(entry), ...note, ...rows].join('\n')
}

type Decision = Extract<Entry, { type: 'decision' | 'evaluation' }>

function decisionLines(entry: Decision): string[] {
  const user =
    entry.onBehalfOf === 'system' ? 'nobody (no originating user)' : `${entry.onBehalfOf.user} (${entry.onBehalfOf.issuer})`
  const observed = entry.evaluated === entry.enforced ? '' : ` (in enforce mode it would have been: ${entry.evaluated})`
  return [
    `Entry ${entry.index}, ${entry.time}`,
    `  who      ${shown(entry.actor.id)}, for ${shown(user)}, in session ${shown(entry.session)}`,
    `  task     ${shown(entry.task ?? 'none')}${entry.purpose === undefined ? '' : `, purpose: ${shown(entry.purpose)}`}`,
    `  wanted   ${shown(actionName(entry.action))}, ${entry.input.bytes} bytes of input`,
    `  decided  ${entry.enforced.toUpperCase()}${observed}`,
    ...entry.reasons.map((reason) => `  because  ${reasonText(reason)}`),
    ...entry.votes.map(
      (vote) =>
        `  rule     ${shown(vote.rule)}: ${vote.effect}${vote.mode === 'observe' ? ' (observed)' : ''}, ${shown(vote.reason)}${vote.detail === undefined ? '' : `, ${shown(vote.detail)}`}`,
    ),
    ...(entry.type === 'decision' && entry.approval
      ? [
          `  approved by ${shown(entry.approval.by.join(', '))}, who were asked in entry ${entry.approval.asked} (${entry.approval.id})`,
        ]
      : []),
    ...entry.findings.map(
      (finding) => `  saw      ${shown(finding.detector)} ${shown(finding.code)} at ${shown(finding.path || '/')}`,
    ),
    ...flowLines(entry),
    ...entry.obligations.map((obligation) => `  must     ${shown(obligation)}`),
    `  based on manifest ${entry.versions.manifest?.slice(0, 12) ?? 'none'}, definition ${entry.versions.definition?.slice(0, 12) ?? 'none'}, epoch ${entry.versions.epoch}, gateway ${shown(entry.versions.gateway)}`,
  ]
}

/** What the session had read, and where each argument that decides stood: the path from source to act. */
function flowLines({ flow }: Decision): string[] {
  if (!flow) return []
  const link = {
    certain: 'the model asked for exactly this',
    likely: 'the model asked for this tool',
    none: 'no model was seen asking for it',
  }
  const classes = flow.classes.length === 0 ? '' : `, with ${shown(flow.classes.join(', '))}`
  return [
    `  session  had read content as little trusted as ${shown(flow.integrity)}${classes}; ${link[flow.link]}${flow.asked === undefined ? '' : ` (entry ${flow.asked})`}`,
    ...flow.slots.map(({ path, kind, approved, origins }) => {
      const from = origins.map(
        ({ origin, source, integrity, entry }) =>
          `${origin}${source === undefined ? '' : ` ${source}`} (${integrity}${entry === undefined ? '' : `, entry ${entry}`})`,
      )
      const places = [...(approved ? ['the approved list'] : []), ...from]
      return `  from     ${shown(kind)} at ${shown(path)}: ${places.length === 0 ? 'found nowhere' : shown(places.join(', '))}`
    }),
  ]
}

function reasonText(code: string): string {
  if (!Object.hasOwn(REASONS, code)) return shown(code)
  const { means, todo } = REASONS[code as keyof typeof REASONS]
  return `${code}: ${means}${todo === 'nothing' ? '' : ` → ${todo}`}`
}

function outcomeLines(related: readonly Entry[]): string[] {
  return related.flatMap((entry) => {
    if (entry.type === 'unknown')
      return [`  then     the outcome never came (entry ${entry.index}): it may or may not have happened`]
    if (entry.type !== 'outcome') return []
    const released = entry.reasons.map((reason) => `  because  ${reasonText(reason)}`)
    const output = entry.output === undefined ? '' : `, ${entry.output.bytes} bytes of result`
    return [
      `  then     ${entry.status}${entry.code === undefined ? '' : ` (${shown(entry.code)})`} after ${Math.round(entry.durationMs)} ms${output} (entry ${entry.index})`,
      ...released,
    ]
  })
}
