import type { ChainLink } from '@sallyport/core'
import type { VERBS } from '@sallyport/gateway'
import type { z } from 'zod'
import { actionName } from '../../describe-entry.ts'
import { shown } from '../../shown.ts'
import { table, time } from '../../table.ts'

type Lineage = z.output<(typeof VERBS)['audit.lineage']['output']>
type Flows = z.output<(typeof VERBS)['audit.flows']['output']>
type Fields = z.output<(typeof VERBS)['audit.fields']['output']>

/** Each act with the reasons why it is here, in the order of the log. */
export function lineageLines({ start, acts, edges, isComplete }: Lineage, direction: 'back' | 'forward'): string[] {
  const because = ({ by, from, path = '' }: Lineage['edges'][number]): string =>
    ({ value: `${shown(path)} came by ${from}`, asked: `model call ${from} asked for it`, may: `may have used ${from}` })[by]
  const lines = acts.map((one) => {
    const name = shown(actionName(one))
    const state = one.status ?? one.enforced
    const classes = one.classes.length === 0 ? '' : `, ${one.classes.join(', ')}`
    const trust = one.trust === undefined ? '' : `, ${shown(one.trust)}`
    const why = edges.filter((edge) => edge.to === one.entry).map(because)
    const mark = one.entry === start ? '→' : ' '
    const reasons = why.length === 0 ? '' : `: ${[...new Set(why)].join('; ')}`
    return `${mark} ${String(one.entry).padStart(6)}  ${name} (${state}${trust}${classes})${reasons}`
  })
  const nothing = acts.length <= 1 ? [direction === 'back' ? 'nothing is known of where it came from' : 'nothing came of it'] : []
  return [...lines, ...nothing, ...(isComplete ? [] : ['The log holds too much for one answer: something may be missing.'])]
}

/** Each way on a row; what nobody declared is marked. */
export function flowLines({ agent, fromMs, entries, observed, unobserved }: Flows): string[] {
  const undeclared = observed.filter(({ isDeclared }) => !isDeclared).length
  const rows = observed.map((way) => [
    way.isDeclared ? '' : 'UNDECLARED',
    way.task,
    `${way.from} (${way.integrity})`,
    `${way.to} ${way.field}`,
    way.kind,
    way.allowed,
    way.stopped,
    way.lastTime,
  ])
  return [
    `${agent}: ${observed.length} ways, ${undeclared} of them undeclared, since ${time(fromMs)} (${entries} entries read)`,
    ...(rows.length > 0 ? [table(['', 'TASK', 'FROM', 'TO', 'KIND', 'ALLOWED', 'STOPPED', 'LAST'], rows)] : []),
    ...unobserved.map(
      ({ task, from, to, field }) => `never seen, though declared in ${task}: ${shown(from)} → ${shown(to)} ${shown(field)}`,
    ),
  ]
}

/** Names become labels in quotes, so nothing in them is markup. */
export function flowChart({ observed }: Flows): string {
  const ids = new Map<string, string>()
  const node = (name: string): string => {
    const id = ids.get(name) ?? `n${ids.size}`
    const isNew = !ids.has(name)
    ids.set(name, id)
    return isNew ? `${id}["${shown(name).replaceAll('"', '#quot;')}"]` : id
  }
  const lines = observed.map(({ from, to, field, allowed, stopped, isDeclared }) => {
    const label = `"${shown(field).replaceAll('"', '#quot;')}: ${allowed} allowed, ${stopped} stopped"`
    return `  ${node(from)} ${isDeclared ? '-->' : '-.->'}|${label}| ${node(to)}`
  })
  return ['flowchart LR', ...lines].join('\n')
}

/** One link a line; what was not checked stands out. */
export function chainLines({ entry, links }: { readonly entry: number; readonly links: readonly ChainLink[] }): string[] {
  const rows = links.map(
    ({ link, isChecked, says }) => `  ${isChecked ? 'ok     ' : 'MISSING'}  ${link.padEnd(10)}  ${shown(says)}`,
  )
  return [`Entry ${entry}`, ...rows]
}

/** For each tool what was never used, and the grant without it. */
export function fieldLines({ agent, fromMs, tools }: Fields): string[] {
  const idle = tools.filter(({ unused }) => unused.length > 0)
  const lines = idle.flatMap(({ task, tool, days, granted, unused, used, unjudged }) => [
    `${shown(task)} ${shown(tool)}, seen on ${days} ${days === 1 ? 'day' : 'days'}`,
    `  never used  ${unused.map((field) => shown(field)).join(', ')}`,
    ...(unjudged.length > 0 ? [`  not judged  ${unjudged.map((field) => shown(field)).join(', ')}`] : []),
    `  to drop it  fields: [${[...used, ...unjudged]
      .filter((field) => granted?.includes(field) !== false)
      .map((field) => shown(field))
      .join(', ')}]`,
  ])
  const since = `since ${time(fromMs)}`
  return lines.length > 0 ? lines : [`${agent}: no result had fields that were never used, ${since}`]
}
