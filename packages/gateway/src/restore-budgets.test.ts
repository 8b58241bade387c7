import type { Entry } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { openBudgets } from './budgets.ts'
import { budgetRestorer } from './restore-budgets.ts'

const MINUTE_MS = 60_000
const START_MS = 10 * MINUTE_MS

/** Decisions at these times, as the log gives them: newest first, back to a time. */
function logOf(timesMs: readonly number[]) {
  const asked: number[] = []
  async function* readBack(untilMs: number) {
    asked.push(untilMs)
    for (const atMs of timesMs.toSorted((a, b) => b - a)) {
      if (atMs < untilMs) return
      yield { entry: { type: 'decision', time: new Date(atMs).toISOString(), budgets: ['agent:a'] } as unknown as Entry }
    }
  }
  return { asked, readBack }
}

const draw = (callsMax: number, windowMs: number) => ({ key: 'agent:a', callsMax, windowMs })

test('R020: calls before the start count for as long as their window; older ones are not even read', async () => {
  const { asked, readBack } = logOf([START_MS - 5 * MINUTE_MS, START_MS - 30_000, START_MS - 1])
  const budgets = openBudgets()
  await budgetRestorer(readBack, budgets, START_MS)(MINUTE_MS)
  expect(asked).toEqual([START_MS - MINUTE_MS])
  expect(budgets.reserve([draw(2, MINUTE_MS)], START_MS)).toMatchObject({ reserved: false })
  expect(budgets.reserve([draw(3, MINUTE_MS)], START_MS)).toMatchObject({ reserved: true })
})

test('R020: a longer window reaches further back and counts nothing twice', async () => {
  const { asked, readBack } = logOf([START_MS - 5 * MINUTE_MS, START_MS - 30_000])
  const budgets = openBudgets()
  const restore = budgetRestorer(readBack, budgets, START_MS)
  for (const minutes of [1, 8, 8, 2]) await restore(minutes * MINUTE_MS)
  expect(asked).toEqual([START_MS - MINUTE_MS, START_MS - 8 * MINUTE_MS])
  expect(budgets.reserve([draw(2, 8 * MINUTE_MS)], START_MS)).toMatchObject({ reserved: false })
  expect(budgets.reserve([draw(3, 8 * MINUTE_MS)], START_MS)).toMatchObject({ reserved: true })
})

describe('amounts of model calls', () => {
  const key = 'spend:tokens:hour:agent:a'
  const HOUR_MS = 60 * MINUTE_MS
  const spends = (amount: number) => [{ key, amount, windowMs: HOUR_MS }]
  const entry = (index: number, more: object): { entry: Entry } => ({
    entry: { index, time: new Date(START_MS - 1_000 + index).toISOString(), budgets: [], ...more } as unknown as Entry,
  })
  const left = async (...entries: readonly { entry: Entry }[]): Promise<number> => {
    const budgets = openBudgets()
    await budgetRestorer(
      async function* () {
        yield* entries.toReversed()
      },
      budgets,
      START_MS,
    )(HOUR_MS)
    const spend = { key, unit: 'tokens', per: 'agent', max: 100, windowMs: HOUR_MS } as const
    const refused = budgets.reserve([{ ...spend, amount: 1_000 }], START_MS)
    return 100 - Number(refused.exhausted?.used)
  }

  test('an act that ended counts what it used, one that did not counts all it reserved', async () => {
    const ended = [
      entry(1, { type: 'decision', spends: spends(60) }),
      entry(2, { type: 'outcome', decision: 1, spends: spends(7) }),
    ]
    expect(await left(...ended)).toBe(93)
    expect(await left(...ended, entry(3, { type: 'decision', spends: spends(50) }))).toBe(43)
  })
  test('an outcome without amounts, or an act given up as unknown, forgives nothing', async () => {
    const decided = entry(1, { type: 'decision', spends: spends(60) })
    expect(await left(decided, entry(2, { type: 'outcome', decision: 1 }))).toBe(40)
    expect(await left(decided, entry(2, { type: 'unknown', decision: 1 }))).toBe(40)
  })
})
