import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { editText } from '../edit/edit-text.ts'
import { detect, PLAIN, PLANTED, treat, type Seen } from './fixtures/small-detectors.ts'
import { blockOpening, earliest, holdBack, lastChars, termOpening } from './opening.ts'
import { ordinaryOpening } from './ordinary-opening.ts'
import { openStreamScan, STREAM_FINDINGS_MAX, WORK_PER_CHAR, type StreamScanOptions, type StreamStep } from './stream-scan.ts'

const opening = earliest([
  ordinaryOpening,
  termOpening(['project nightfall']),
  blockOpening({ begin: '-----BEGIN', end: '-----END', charsMax: Infinity, afterChars: 64 }),
])
const base: StreamScanOptions<Seen> = { detect, treat, opening, overWork: 'block' }

/** Everything that a stream did, for one way of cutting a text. */
function stream(chunks: readonly string[], options: Partial<StreamScanOptions<Seen>> = {}) {
  const scan = openStreamScan({ ...base, ...options })
  const steps: StreamStep<Seen>[] = chunks.map((chunk) => scan.push(chunk))
  steps.push(scan.end())
  return {
    steps,
    text: steps.map((step) => step.release).join(''),
    findings: steps.flatMap((step) => step.findings),
    blocked: steps.at(-1)?.blocked,
    unscanned: steps.at(-1)?.unscanned,
    held: scan.heldChars(),
  }
}

/** What the same policy releases of a whole text. */
function whole(text: string): { readonly text: string; readonly seen: readonly Seen[]; readonly firstBlock: number } {
  const seen = detect(text)
  const edits = seen.flatMap((each) => {
    const treatment = treat(each)
    return typeof treatment === 'string' ? [] : [{ ...each, ...treatment }]
  })
  const firstBlock = Math.min(Infinity, ...seen.filter((each) => treat(each) === 'block').map(({ start }) => start))
  return { text: editText(text, edits), seen, firstBlock }
}

/** The text cut at places of the generator's choice, also inside characters. */
function cut(text: string, lengths: readonly number[]): string[] {
  const chunks: string[] = []
  let at = 0
  for (let i = 0; at < text.length; i++) {
    const length = lengths[i % lengths.length] ?? 1
    chunks.push(text.slice(at, at + length))
    at += length
  }
  return chunks
}

const anyText = (planted: readonly string[]) =>
  fc.array(fc.constantFrom(...planted, ...PLAIN, ...PLAIN), { maxLength: 25 }).map((parts) => parts.join(''))
const anyLengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 })
const sorted = (seen: readonly Seen[]) => seen.map((each) => `${each.start}-${each.end} ${each.code}`).sort()
const RUNS = { numRuns: 2_000 }

describe('however a text is cut', () => {
  test.each<[string, Partial<StreamScanOptions<Seen>>]>([
    ['declared openings', {}],
    ['the last characters held', { opening: lastChars(300) }],
    ['more context', { contextChars: 1_000 }],
  ])('R076, R075: what leaves is what leaves of the whole: %s', (_, options) => {
    fc.assert(
      fc.property(anyText(PLANTED), anyLengths, (text, lengths) => {
        const streamed = stream(cut(text, lengths), options)
        const expected = whole(text)
        expect(streamed.text).toBe(expected.text)
        expect(sorted(streamed.findings)).toEqual(sorted(expected.seen).slice(0, STREAM_FINDINGS_MAX))
        expect(streamed.blocked).toBe(undefined)
        expect(streamed.unscanned).toBe(false)
        expect(streamed.held).toBe(0)
      }),
      RUNS,
    )
  })
  test('R075: after a sighting that blocks nothing leaves, and nothing of it has left', () => {
    fc.assert(
      fc.property(anyText([...PLANTED, '%%STOP%%', '%%A']), anyLengths, (text, lengths) => {
        const { firstBlock } = whole(text)
        const { text: left, blocked, steps } = stream(cut(text, lengths))
        expect(blocked).toBe(firstBlock === Infinity ? undefined : 'finding')
        if (firstBlock === Infinity) return
        expect(whole(text.slice(0, firstBlock)).text.startsWith(left)).toBe(true)
        const at = steps.findIndex((step) => step.blocked)
        expect(steps.slice(at).map((step) => step.release)).toEqual(steps.slice(at).map(() => ''))
      }),
      RUNS,
    )
  })
  test('no half of a character leaves before the other', () => {
    const { steps } = stream(['a \ud83d', '\udd11 b ', 'c'])
    expect(steps.every((step) => step.release.isWellFormed())).toBe(true)
    expect(stream(['a \ud83d']).text).toBe('a \ud83d')
    const eager = stream(['a \ud83d', '\udd11 b ', 'c'], { opening: (text) => text.length })
    expect(eager.steps.map((step) => step.release)).toEqual(['a ', '\u{1f511} b ', 'c', ''])
    const over = stream(['a \ud83d', '\udd11 b '], { workCharsMax: 0, overWork: 'release' })
    expect(over.steps.map((step) => step.release)).toEqual(['a ', '\u{1f511} b ', ''])
  })
})

describe('what is longer than can be held', () => {
  const pem = `-----BEGIN KEY-----\n${'QUJD\n'.repeat(100)}-----END KEY-----`
  test('R075: a block that fits is held and replaced', () =>
    expect(stream(cut(`a ${pem} b`, [7]), { holdBackChars: 700 }).text).toBe('a <pem> b'))
  test('R075: one that does not ends the stream before any of it left', () => {
    for (const length of [1, 7, 100, 250]) {
      const { text, blocked } = stream(cut(`a b ${pem} b`, [length]), { holdBackChars: 200 })
      expect('a b '.startsWith(text)).toBe(true)
      expect(blocked).toBe('left_in_part')
    }
  })
  test('one that never ends is held to the end and released, as of the whole', () => {
    const open = `a -----BEGIN KEY-----\n${'QUJD\n'.repeat(20)}`
    expect(stream(cut(open, [3])).text).toBe(open)
  })
  test('a match that began in what has left ends the stream', () => {
    const late = (text: string): readonly Seen[] => (text.includes('Z') ? [{ code: 'late', start: 0, end: text.length }] : [])
    const { text, blocked, findings } = stream(['plain words ', 'and Z ', 'more'], { detect: late })
    expect([text, blocked, findings.length]).toEqual(['plain words ', 'left_in_part', 1])
  })
  test('R075: a match that only grows is not waited for beyond what can be held', () => {
    const growing = (text: string): readonly Seen[] =>
      [...text.matchAll(/@\w*/g)].map(({ 0: found, index }) => ({ code: 'at', start: index, end: index + found.length }))
    const { text, blocked } = stream(['one ', '@', ...cut('a'.repeat(300), [10])], {
      detect: growing,
      opening: lastChars(5),
      holdBackChars: 100,
    })
    expect([text, blocked]).toEqual(['one ', 'left_in_part'])
  })
  test('R075: with openings that declare too little the rest of a key does not leave', () => {
    const { text, blocked } = stream(['sk_abcdefghij', '0123456789 ', 'b'], { opening: lastChars(4) })
    expect([text, blocked]).toEqual(['sk_abcdef', 'left_in_part'])
  })
})

describe('first words', () => {
  test('plain words leave with the space behind them', () => {
    const scan = openStreamScan(base)
    expect(['The', ' quick', ' brown ', 'fox, ', 'sk', '_x ', 'ok'].map((chunk) => scan.push(chunk).release)).toEqual([
      '',
      'The ',
      'quick brown ',
      'fox, ',
      '',
      'sk_x ',
      '',
    ])
    expect(scan.heldChars()).toBe(2)
  })
  test.each([
    ['plain words and ', 0],
    ['漢字かな', 4],
    ['漢'.repeat(40), 16],
    ['漢字かな。', 0],
    ['born 1984 ', 5],
    [`born 1984 ${'and then '.repeat(6)}`, 0],
    ['an Order', 5],
    ['in 42 ', 3],
    ['a wor', 3],
    ['call 555 01', 6],
    ['de89 3704 ', 10],
    ['see [1] and ', 0],
    ['see ![a b', 5],
    ['if a < b then ', 0],
    ['an <img src="a b', 13],
    ['a -----BEGIN KEY', 14],
  ])('%j holds %i', (text, held) => expect(holdBack(text, opening)).toBe(held))
})

describe('work', () => {
  /** Counts the characters that detectors and openings were given. */
  function counted(chunks: readonly string[], options: Partial<StreamScanOptions<Seen>> = {}) {
    let detected = 0
    let opened = 0
    let calls = 0
    const result = stream(chunks, {
      ...options,
      detect: (text) => {
        detected += text.length
        calls++
        return detect(text)
      },
      opening: (text) => {
        opened += text.length
        return opening(text)
      },
    })
    return { ...result, detected, opened, calls, chars: chunks.reduce((sum, chunk) => sum + chunk.length, 0) }
  }
  const words = 'the quick brown fox jumps over the lazy dog '.repeat(1_000)
  const hostile: readonly (readonly [string, string])[] = [
    ['words', words],
    ['one letter', 'a'.repeat(40_000)],
    ['digits', '4111 '.repeat(8_000)],
    ['an open block', `-----BEGIN ${words.slice(0, 15_000)}`],
    ['brackets', '[<'.repeat(20_000)],
    ['line ends', '\r\n'.repeat(20_000)],
  ]
  test.each(hostile)('one character at a time costs a bounded number of looks at each: %s', (_, text) => {
    const { detected, opened, chars, blocked } = counted(cut(text, [1]))
    expect(detected + opened).toBeLessThanOrEqual(WORK_PER_CHAR * chars + 16_384 + 40_000)
    expect([detected + opened >= chars, blocked]).toEqual([true, undefined])
  })
  test('large chunks are looked at about once', () => {
    const { detected, calls, chars } = counted(cut(words, [10_000]))
    expect(calls).toBeLessThanOrEqual(6)
    expect(detected).toBeLessThan(1.1 * chars)
  })
  test('no scan where nothing could leave', () => {
    const { calls } = counted(Array.from({ length: 1_000 }, () => 'a'))
    expect(calls).toBe(1)
  })
  test('over the limit the rest leaves unscanned and marked, or nothing does', () => {
    const text = `${words.slice(0, 8_000)} 4111 1111 1111 1111 and more`
    const released = stream(cut(text, [50]), { workCharsMax: 30_000, overWork: 'release' })
    expect([released.text, released.unscanned, released.blocked]).toEqual([text, true, undefined])
    expect(released.steps[0]?.unscanned).toBe(false)
    const first = released.steps.findIndex((step) => step.unscanned)
    expect(released.steps.slice(first).every((step) => step.unscanned)).toBe(true)
    const blocked = stream(cut(text, [50]), { workCharsMax: 30_000, overWork: 'block' })
    expect([blocked.blocked, blocked.unscanned]).toEqual(['work', false])
    expect(text.startsWith(blocked.text)).toBe(true)
    expect(blocked.text).not.toContain('4111')
    expect(stream(cut(text, [50])).text).toContain('<card>')
  })
  test('R075: a short stream over the limit is unscanned too', () => {
    expect(stream(['4111 1111 1111 1111'], { workCharsMax: 10, overWork: 'release' }).unscanned).toBe(true)
    expect(stream(['4111 1111 1111 1111'], { workCharsMax: 10 })).toMatchObject({ text: '', blocked: 'work' })
  })
  test('findings are bounded, what is done about them is not', () => {
    const { text, findings } = stream(['sk_abcdefghij0123456789 '.repeat(200)])
    expect(findings.length).toBe(STREAM_FINDINGS_MAX)
    expect(text).toBe('<key> '.repeat(200))
  })
})

describe('failure', () => {
  test('a detector that throws ends the stream', () => {
    const broken = (): never => {
      throw new Error('a bug')
    }
    expect(stream(['one two ', 'three '], { detect: broken })).toMatchObject({ text: '', blocked: 'failed' })
    expect(stream(['one two '], { treat: broken, detect: () => [{ code: 'a', start: 0, end: 3 }] })).toMatchObject({
      text: '',
      blocked: 'failed',
    })
  })
  test('a span outside the text ends the stream', () =>
    expect(stream(['one two '], { detect: () => [{ code: 'a', start: 0, end: 30 }] }).blocked).toBe('failed'))
  test('the caller ends it, and nothing held leaves', () => {
    const scan = openStreamScan(base)
    scan.push('one sk_abc')
    expect(scan.stop()).toMatchObject({ release: '', blocked: 'caller' })
    expect([scan.push('more ').release, scan.end().release, scan.heldChars()]).toEqual(['', '', 0])
  })
})

describe('windows for classifiers', () => {
  test('R049: every stretch of half a window is seen whole in one of them, however the text is cut', () => {
    fc.assert(
      fc.property(anyText(PLANTED), anyLengths, fc.integer({ min: 2, max: 60 }), (text, lengths, windowChars) => {
        const { steps } = stream(cut(text, lengths), { windowChars })
        const windows = steps.flatMap((step) => step.windows)
        for (const window of windows) expect(text.startsWith(window.text, window.start)).toBe(true)
        const half = Math.ceil(windowChars / 2)
        for (let i = 0; i + half <= text.length; i++)
          expect(windows.some(({ start, text: seen }) => start <= i && i + half <= start + seen.length)).toBe(true)
        const shown = windows.reduce((sum, window) => sum + window.text.length, 0)
        expect(shown).toBeLessThanOrEqual(2 * text.length)
      }),
    )
  })
  test('without a length there are none', () => expect(stream(['some words ']).steps.flatMap((step) => step.windows)).toEqual([]))
  test('they count as work', () => {
    const texts = Array.from({ length: 100 }, () => 'some more words ')
    expect(stream(texts, { windowChars: 64, workCharsMax: 2_000 }).text.length).toBeLessThan(
      stream(texts, { workCharsMax: 2_000 }).text.length,
    )
  })
})
