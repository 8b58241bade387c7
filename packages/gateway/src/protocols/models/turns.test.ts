import { expect, test } from 'vitest'
import { openTurns, type Turns } from './turns.ts'

/** Streams of some pieces each, of which every piece takes 4 ms of a clock that nothing else moves. */
async function work(streams: number, pieces: number): Promise<readonly (readonly number[])[]> {
  let now = 0
  const log: number[][] = [[]]
  const turns: Turns = openTurns({
    nowMs: () => now,
    defer: (run) =>
      setImmediate(() => {
        log.push([])
        run()
      }),
  })
  const stream = async (name: number): Promise<void> => {
    for (let i = 0; i < pieces; i++) {
      await turns.next()
      log.at(-1)?.push(name)
      now += 4
    }
  }
  const all: Promise<void>[] = []
  for (let name = 0; name < streams; name++) {
    all.push(stream(name))
    await new Promise(setImmediate)
  }
  await Promise.all(all)
  return log
}

test('R180: streams are worked on for 10 ms before everything else has its turn, and none is kept waiting by another', async () => {
  const log = await work(4, 20)
  expect(log.flat()).toHaveLength(80)
  for (const turn of log) expect(turn.length).toBeLessThanOrEqual(3)
  const begun = log.flat().indexOf(3)
  expect(new Set(log.flat().slice(begun, begun + 4)).size).toBe(4)
})

test('R180: one that is alone and has little to do waits for nothing', async () => {
  expect((await work(1, 3))[0]).toEqual([0, 0, 0])
  expect((await work(1, 4))[0]).toEqual([0, 0, 0])
})
