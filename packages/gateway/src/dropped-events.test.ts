import { expect, test } from 'vitest'
import { droppedBy, recordDropped } from './dropped-events.ts'
import { memoryLog } from './fixtures/world.ts'

test('R137: what a destination refuses is recorded; that it refuses the record of that as well is not, and so comes to an end', async () => {
  const log = memoryLog()
  await log.append({ type: 'admin', actor: { type: 'system', id: 'x' }, verb: 'gateway.start', outcome: 'done', detail: {} })
  const skip = recordDropped(log, 'siem')
  await skip({ from: 0, to: 1, reason: 'refused' })
  const notice = log.entries[1]
  expect(notice && droppedBy(notice, 'siem')).toEqual({ from: 0, to: 1, reason: 'refused' })
  await skip({ from: 1, to: 2, reason: 'refused' })
  expect(log.entries).toHaveLength(2)
})

test('R137: another destination’s notice, and a range that holds more than the notice, are recorded', async () => {
  const log = memoryLog()
  await recordDropped(log, 'siem')({ from: 0, to: 9, reason: 'overflow' })
  await recordDropped(log, 'other')({ from: 0, to: 1, reason: 'refused' })
  await recordDropped(log, 'siem')({ from: 0, to: 2, reason: 'overflow' })
  expect(log.entries.map((entry) => 'target' in entry && entry.target)).toEqual(['siem', 'other', 'siem'])
})
