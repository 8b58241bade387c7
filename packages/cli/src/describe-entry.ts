import type { Entry, LogSizes } from '@sallyport/core'
import { shown } from './shown.ts'

/** One entry on one line. */
export function entryLine(entry: Entry): string {
  const head = `${String(entry.index).padStart(6)}  ${entry.time}  ${entry.type.padEnd(8)}`
  return `${head}  ${shown(words(entry), 300)}`
}

/** How far a log is held, on one line. */
export function sizesLine({ durable, checkpointed, witnessed, anchored }: LogSizes): string {
  const further = Object.entries({ witnessed, anchored }).flatMap(([name, size]) => (size === undefined ? [] : [`${size} ${name}`]))
  return [`${durable} entries durable`, `${checkpointed} checkpointed`, ...further].join(', ')
}

/** What an act was aimed at, as manifests write it. */
export function actionName(action: {
  readonly kind: string
  readonly server?: string | undefined
  readonly name?: string | undefined
}): string {
  const target =
    action.server === undefined ? (action.name ?? '') : `${action.server}${action.name === undefined ? '' : `.${action.name}`}`
  return target === '' ? action.kind : `${action.kind} ${target}`
}

function words(entry: Entry): string {
  switch (entry.type) {
    case 'decision':
      return `${entry.enforced}  ${entry.actor.id}  ${actionName(entry.action)}  ${entry.reasons.join(', ')}`
    case 'evaluation':
      return `would ${entry.enforced}  ${entry.actor.id}  ${actionName(entry.action)}  ${entry.reasons.join(', ')}`
    case 'outcome':
      return `${entry.status}  ${entry.actor.id}  ${actionName(entry.action)}  of ${entry.decision}`
    case 'unknown':
      return `outcome of ${entry.decision} never came`
    case 'refusal':
      return `${entry.code}  ${entry.detail}`
    case 'admin':
      return `${entry.outcome}  ${entry.actor.id}  ${entry.verb}${entry.target === undefined ? '' : ` ${entry.target}`}${entry.code === undefined ? '' : `  ${entry.code}`}`
  }
}
