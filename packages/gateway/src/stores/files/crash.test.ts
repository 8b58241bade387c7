import { expect, test } from 'vitest'
import { faultLoop } from './fixtures/fault-loop.ts'
import { killRounds } from './fixtures/kill-rounds.ts'

test.each(['EIO', 'ENOSPC'] as const)(
  'R115 R116: %s at each file operation in turn loses nothing acknowledged and the log verifies',
  { timeout: 300_000 },
  async (code) => {
    const failed = new Set<string>()
    let runs = 0
    // ENOSPC takes the same way; every seventh operation is enough there.
    for await (const result of faultLoop(code, code === 'EIO' ? 1 : 7)) {
      expect(result).toMatchObject({ lost: 0, verified: true })
      failed.add(result.failed)
      runs++
    }
    expect(runs).toBeGreaterThan(10)
    if (code === 'EIO')
      expect([...failed].sort()).toEqual(['close', 'makeFolder', 'open', 'remove', 'rename', 'sync', 'syncFolder', 'write'])
  },
)

test(
  'R115 R116: kill -9 under load loses nothing acknowledged and the log verifies after the restart',
  { timeout: 120_000 },
  async () => {
    let last = 0
    for await (const result of killRounds(4, (round) => [0, 37, 120, 263][round] ?? 50)) {
      expect(result).toMatchObject({ lost: 0, verified: true })
      expect(result.acknowledged).toBeGreaterThan(last)
      last = result.acknowledged
    }
  },
)
