import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { seeded } from './crash/seeded.ts'
import { scoreGenerated } from './dlp/generated.ts'
import { scoreNotes } from './dlp/health-notes.ts'
import { look } from './dlp/look.ts'
import { oneWrong, sameShape } from './dlp/near-misses.ts'
import { readPresidio, scorePresidio } from './dlp/presidio.ts'
import { OUT_OF_RANGE, RANGED } from './dlp/ranged-numbers.ts'
import { scoreSpans } from './dlp/score-spans.ts'
import { CHECKED } from './dlp/valid-numbers.ts'
import { wilson } from './wilson.ts'

test('Wilson intervals are those of the textbook', () => {
  expect(wilson(0, 0)).toEqual({ share: null, low: null, high: null })
  expect(wilson(10, 10)).toEqual({ share: 1, low: 0.7225, high: 1 })
  expect(wilson(1, 10)).toEqual({ share: 0.1, low: 0.0179, high: 0.4042 })
})

describe('spans are scored', () => {
  const span = (type: string, start: number, end: number) => ({ type, start, end })
  test('exactly and by overlap, type by type', () => {
    const texts = [
      { wanted: [span('a', 0, 5), span('b', 6, 9)], seen: [span('a', 0, 5), span('b', 7, 9), span('a', 20, 22)] },
      { wanted: [span('a', 0, 5)], seen: [span('b', 0, 5)] },
    ]
    expect(scoreSpans(texts, 'a')).toMatchObject({
      wanted: 2,
      seen: 2,
      exact: { precision: { share: 0.5 }, recall: { share: 0.5 }, f1: 0.5 },
    })
    expect(scoreSpans(texts, 'b')).toMatchObject({
      exact: { recall: { share: 0 } },
      overlapping: { precision: { share: 0.5 }, recall: { share: 1 } },
    })
    expect(scoreSpans(texts)).toMatchObject({ wanted: 3, seen: 4 })
  })
  test('touching is not overlapping, and nothing at all has no score', () => {
    expect(scoreSpans([{ wanted: [span('a', 0, 5)], seen: [span('a', 5, 9)] }], 'a').overlapping.recall.share).toBe(0)
    expect(scoreSpans([{ wanted: [], seen: [] }]).exact).toMatchObject({ precision: { share: null }, f1: null })
  })
})

describe('the data set', () => {
  const spans = [
    ['CREDIT_CARD', 5, 21],
    ['PERSON', 25, 33],
  ]
  const row = { text: 'card 4111111111111111 of Jane Roe, jane@roe.org', spans }
  test('is scored by type, with what is not detected told apart', () => {
    const scored = scorePresidio([row as never])
    expect(scored.types['CREDIT_CARD']).toMatchObject({ wanted: 1, seen: 1, exact: { f1: 1 } })
    expect(scored.types['EMAIL_ADDRESS']).toMatchObject({ wanted: 0, seen: 1, exact: { precision: { share: 0 } } })
    expect(scored.notDetected).toEqual({ PERSON: 1 })
    expect(scored.allTypes).toMatchObject({ wanted: 2, exact: { recall: { share: 0.5 } } })
  })
  test('is read from its folder, and may be missing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'dlp-'))
    try {
      expect(readPresidio(folder)).toBeUndefined()
      writeFileSync(join(folder, 'pii_presidio.jsonl.gz'), gzipSync(`${JSON.stringify(row)}\n`))
      expect(readPresidio(folder)).toEqual([row])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('R077 R247: made-up numbers', () => {
  test.each(Object.entries({ ...CHECKED, ...RANGED }))(
    '%s: a valid one is seen behind its label, whoever computed its check',
    (code, source) => {
      const random = seeded(1)
      for (let i = 0; i < 20; i++) {
        const value = source.make(random)
        expect([value, look(`${source.labels[0]}: ${value}`).map((one) => one.code)]).toEqual([
          value,
          expect.arrayContaining([code]),
        ])
      }
    },
  )
  test.each(Object.entries({ ...CHECKED, ...RANGED }))('%s: one with a digit changed is not', (code, source) => {
    const random = seeded(2)
    for (let i = 0; i < 20; i++) {
      const value = OUT_OF_RANGE[code]?.(random) ?? oneWrong(random, source.make(random), source.checked)
      expect([value, look(`${source.labels[0]}: ${value}`).map((one) => one.code)]).not.toEqual([
        value,
        expect.arrayContaining([code]),
      ])
    }
  })
  test('the score counts both sides and is the same at every run', () => {
    const sizes = { labelled: 3, unlabelled: 2, family: 2 }
    const once = scoreGenerated(sizes)
    expect(once).toEqual(scoreGenerated(sizes))
    expect(once.checked['iban']).toMatchObject({ recall: { share: 1 }, nearMisses: 14 })
    expect(Object.keys(once.ranged)).toEqual(Object.keys(RANGED))
  })
  test('a shape keeps what is no digit and no letter', () =>
    expect(sameShape(seeded(3), 'AB 12-c')).toMatch(/^[A-Z]{2} \d{2}-[a-z]$/))
})

test('R285: notes are scored on both sides', () => {
  const scored = scoreNotes(
    ['MRN 00482913, takes metformin', 'nothing'],
    ['Insulin was discovered in 1921.', 'The patient takes warfarin.'],
  )
  expect(scored).toMatchObject({
    precision: { share: 0.5 },
    recall: { share: 0.5 },
    missed: ['nothing'],
    falseAlarms: ['The patient takes warfarin.'],
  })
})
