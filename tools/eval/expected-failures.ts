import { readFileSync } from 'node:fs'
import { isScalar, isSeq, parseDocument } from 'yaml'
import type { Outcome, Side } from './suite-results.ts'

/** One line of the file: a scenario, or one check of it, and why it must fail. */
export interface Expected {
  readonly side: Side
  readonly scenario: string
  readonly check?: string
  readonly reason: string
}

/**
 * Reads the file of expected failures. The format is the suite's own; the reason is the comment on the line.
 * @throws Error when a line has no reason.
 */
export function readExpected(file: string): Expected[] {
  const document = parseDocument(readFileSync(file, 'utf8'))
  return (['server', 'client'] as const).flatMap((side) => {
    const list = document.get(side)
    if (!isSeq(list)) return []
    return list.items.map((item) => {
      const entry = isScalar(item) ? String(item.value) : ''
      const reason = isScalar(item) ? item.comment?.trim() : undefined
      if (!reason) throw new Error(`${file}: "${entry}" has no reason; write it as a comment on the line`)
      const [scenario = '', check] = entry.split(':')
      return { side, scenario, reason, ...(check === undefined ? {} : { check }) }
    })
  })
}

/** The reason why an outcome is expected to fail; `undefined` when some failed check is not on the list. */
export function expectedReason(outcome: Outcome, expected: readonly Expected[]): string | undefined {
  const lines = expected.filter(({ side, scenario }) => side === outcome.side && scenario === outcome.name)
  const reasons = outcome.checks.map((id) => lines.find(({ check }) => check === undefined || check === id)?.reason)
  return reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined
}

/** Lines whose scenario ran and did not fail anywhere: they are no longer true. */
export function staleLines(expected: readonly Expected[], outcomes: readonly Outcome[]): string[] {
  return expected
    .filter(({ side, scenario, check }) => {
      const ran = outcomes.filter((outcome) => outcome.side === side && outcome.name === scenario && outcome.result !== 'skipped')
      return ran.length > 0 && !ran.some(({ checks }) => (check === undefined ? checks.length > 0 : checks.includes(check)))
    })
    .map(({ scenario, check }) => (check === undefined ? scenario : `${scenario}:${check}`))
}
