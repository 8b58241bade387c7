import { shownText } from '@sallyport/core'
import type { ReactElement } from 'react'
import type { Output } from '../api.ts'
import { useVerb } from '../use-verb.ts'

const EVERY_MS = 30_000

/** What about the log cannot wait until somebody looks for it, in plain words; the worst first. */
export function alarmsOf({ witnesses, anchors = [] }: Pick<Output<'status'>, 'witnesses' | 'anchors'>): string[] {
  const contradicted = (witnesses?.witnesses ?? []).flatMap(({ name, contradiction }) =>
    contradiction
      ? [`Witness ${name} vouches for another log than this one: ${contradiction.reason}. Isolate, keep the disk, call security.`]
      : [],
  )
  const overdue = witnesses?.isOverdue
    ? [
        `Fewer than ${witnesses.atLeast} witnesses vouch for the log, for too long.` +
          (witnesses.stopActs === 'never' ? '' : ` Refused meanwhile: ${witnesses.stopActs} acts.`),
      ]
    : []
  const stuck = anchors.flatMap(({ id, problem }) => (problem === undefined ? [] : [`Anchor ${id} takes no more: ${problem}.`]))
  return [...contradicted, ...overdue, ...stuck].map(shownText)
}

/** On every page, as long as it is so. */
export function Alarms(): ReactElement | null {
  const { data } = useVerb('status', {}, { everyMs: EVERY_MS })
  const alarms = data ? alarmsOf(data) : []
  if (alarms.length === 0) return null
  return (
    <div role="alert" className="mb-4 rounded-md border-2 border-bad p-2 font-semibold text-bad">
      {alarms.map((alarm) => (
        <p key={alarm}>{alarm}</p>
      ))}
    </div>
  )
}
