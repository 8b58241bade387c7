import { describe, expect, test } from 'vitest'
import { fixedClock, memoryLog } from '../fixtures/world.ts'
import { ALERTS_MAX, alertDelays, ENTRIES_MAX } from './alert-delays.ts'

const actor = { type: 'system', id: 'sallyport' } as const

/** A log in which acts happen and alerts follow them. */
function made() {
  const clock = fixedClock()
  const log = memoryLog(clock.nowMs)
  const act = () => log.append({ type: 'admin', actor, verb: 'status', outcome: 'done', detail: {} })
  return {
    log,
    act,
    async alert(afterMs: number, rule = 'hostile-content', between = 0) {
      const entry = await act()
      for (let i = 0; i < between; i++) await act()
      clock.advance(afterMs)
      await log.append({ type: 'admin', actor, verb: 'alert.raised', outcome: 'done', detail: { rule, entry } })
    },
  }
}

describe('R074: time from an entry to its alert', () => {
  test('median and longest, by rule; alerts that name no entry do not count', async () => {
    const { log, alert } = made()
    expect(await alertDelays(log)).toBeUndefined()
    await alert(50)
    await alert(10, 'content-drift')
    await alert(900)
    await log.append({ type: 'admin', actor, verb: 'alert.raised', outcome: 'done', detail: { rule: 'saturation' } })
    expect(await alertDelays(log)).toEqual({
      alerts: 3,
      medianMs: 50,
      maxMs: 900,
      rules: { 'hostile-content': 2, 'content-drift': 1 },
    })
  })
  test('the entry may be pages before its alert', async () => {
    const { log, alert } = made()
    await alert(70, 'hostile-content', 2_500)
    expect(await alertDelays(log)).toMatchObject({ alerts: 1, maxMs: 70 })
  })
  test('only the newest alerts count, and only those among the newest entries', async () => {
    const { log, alert, act } = made()
    await alert(5_000)
    for (let i = 0; i < ALERTS_MAX; i++) await alert(20)
    expect(await alertDelays(log)).toMatchObject({ alerts: ALERTS_MAX, maxMs: 20 })
    for (let i = 0; i < ENTRIES_MAX; i++) await act()
    expect(await alertDelays(log)).toBeUndefined()
  })
})
