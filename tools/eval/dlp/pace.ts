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
  return { prose: PROSE.repeat(500).slice(0, TEXT_CHARS), records: records.slice(0, TEXT_CHARS), digits: digits.slice(0, TEXT_CHARS) }
}

/** Median time of each detector on 64 KiB of a kind of text, in µs a KB. */
export function measurePace(rounds: number): Record<string, Record<string, number>> {
  const surroundings = { channel: 'tool', path: '', field: '', view: 'text', otherTools: [] } as const
  return Object.fromEntries(
    Object.entries(samples()).map(([kind, text]) => {
      const row = identifierDetectors.map(({ id, detect }) => {
        const times: number[] = []
        for (let i = 0; i < rounds + 3; i++) {
          const startMs = performance.now()
          detect(text, surroundings)
          if (i >= 3) times.push(performance.now() - startMs)
        }
        const medianMs = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0
        return [id, Math.round((medianMs * 1e5) / (text.length / 1024)) / 100] as const
      })
      return [kind, Object.fromEntries(row)]
    }),
  )
}
