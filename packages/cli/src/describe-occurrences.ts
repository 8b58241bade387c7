import type { VERBS } from '@sallyport/gateway'
import type { z } from 'zod'
import { shown } from './shown.ts'

type Found = NonNullable<z.output<(typeof VERBS)['subject.find']['output']>['found']>

/** What there is of a person, line by line. */
export function occurrenceLines({ token, keys, counts, sessions, entries, holds }: Found): string[] {
  const contents = counts.map((count) => `  ${count.class} ${count.month}: ${count.contents} contents, ${count.bytes} bytes`)
  const known = entries
    ? `${entries.count} entries${entries.isComplete ? '' : ' (older ones were not looked at)'}`
    : 'entries unknown: the log cannot be read here'
  return [
    ...(token === undefined
      ? ['pseudonym  none: only sessions know this person']
      : [`pseudonym  ${token}`, `in the log ${known}; list them: sallyport audit search --subject ${token}`]),
    `in the vault ${keys} keys`,
    ...contents,
    `remembered ${sessions} sessions`,
    ...holds.map((hold) => `  HELD by ${hold.id}: ${shown(hold.notice)}`),
  ]
}
