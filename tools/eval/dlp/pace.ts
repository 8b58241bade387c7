import { seeded } from '../crash/seeded.ts'
import { identifierDetectors } from './look.ts'
import { some } from './make-text.ts'

const PROSE =
  'The committee met on a warm evening and agreed, after some talk, that the garden wall should be rebuilt before winter comes to the valley. '
const TEXT_CHARS = 65_536

/** Prose has no digit, the records have what interfaces return, the last is nothing but numbers of 3 to 17 digits. */
function samples(): Readonly<Record<string, string>> {
  const random = seeded(7)
  const record = (i: number): object => ({
    id: i * 7919,
    name: `Item number ${i}`,
    price: (i * 13.37).toFixed(2),
    tags: ['red', 'blue'],
    created: '2026-11-26T07:14:25.000Z',
    ref: `a1b2c3d4-e5f6-7890-abcd-ef12345678${10 + (i % 90)}`,
  })
  const records = JSON.stringify(Array.from({ length: 600 }, (_, i) => record(i)))
  const digits = Array.from({ length: 7_000 }, () => some(random, 3 + random(15))).join(' ')
  return { prose: flat(PROSE.repeat(500)), records: flat(records), digits: flat(digits) }
}

/** A text in one piece, as it comes from a parser; the engine keeps one made by `repeat` or `slice` in pieces. */
function flat(text: string): string {
  return Buffer.from(text.slice(0, TEXT_CHARS)).toString()
}

/** Runs before the first that counts, until the code is compiled. */
const WARM_UP = 40
/** Runs between two looks at the clock. */
const RUNS = 8

/**
 * Mean time of each detector on 64 KiB of a kind of text, in µs a KB: time of the thread on the processor, so that a busy machine
 * does not count. `onePass` looks at each character once and does nothing, for comparison.
 */
export function measurePace(budgetMs: number): Record<string, Record<string, number>> {
  const surroundings = { channel: 'tool', path: '', field: '', view: 'text', otherTools: [] } as const
  return Object.fromEntries(
    Object.entries(samples()).map(([kind, text]) => [
      kind,
      {
        onePass: mean(budgetMs, text, () => void onePass(text)),
        ...Object.fromEntries(
          identifierDetectors.map(({ id, detect }) => [id, mean(budgetMs, text, () => void detect(text, surroundings))]),
        ),
      },
    ]),
  )
}

/** The clock of a thread is coarse, so many runs are timed together. */
function mean(budgetMs: number, text: string, act: () => void): number {
  for (let i = 0; i < WARM_UP; i++) act()
  const start = process.threadCpuUsage()
  let runs = 0
  let spentUs = 0
  while (spentUs < budgetMs * 1000) {
    for (let i = 0; i < RUNS; i++) act()
    runs += RUNS
    const { user, system } = process.threadCpuUsage(start)
    spentUs = user + system
  }
  return Math.round((spentUs * 100) / runs / (text.length / 1024)) / 100
}

function onePass(text: string): number {
  let sum = 0
  for (let i = 0; i < text.length; i++) sum += text.charCodeAt(i)
  return sum
}
