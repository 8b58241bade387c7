import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { safeJson, safeLines, shown } from './shown.ts'

describe('foreign text in the terminal', () => {
  test.each([
    ['a colour sequence', '\u001B[31mred\u001B[0m', '\\u{1b}[31mred\\u{1b}[0m'],
    ['a line break', 'ok\nDENIED', 'ok\\u{a}DENIED'],
    ['a carriage return', 'evil\rgood', 'evil\\u{d}good'],
    ['a C1 control', 'a\u009B31m', 'a\\u{9b}31m'],
    ['right-to-left override', 'a\u202Egpj.exe', 'a\\u{202e}gpj.exe'],
    ['an isolate', '\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['zero width', 'pay\u200Bpal\u2060\uFEFF', 'pay\\u{200b}pal\\u{2060}\\u{feff}'],
    ['a tag', 'x\u{E0041}', 'x\\u{e0041}'],
    ['a variation selector', 'a\uFE0F', 'a\\u{fe0f}'],
    ['a Hangul filler', 'a\u3164b', 'a\\u{3164}b'],
    ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
    ['a lone surrogate', 'a\uD800b', 'a\\u{d800}b'],
    ['ordinary text of the world', 'Grüße, 世界, مرحبا, 🙂', 'Grüße, 世界, مرحبا, 🙂'],
  ])('%s', (_, text, expected) => expect(shown(text)).toBe(expected))

  test('endless text is cut', () => expect(shown('x'.repeat(5_000)).length).toBe(2_001))

  test('whole answers keep their line breaks and nothing else', () =>
    expect(safeLines('a\nb\u001B[2J\tc')).toBe('a\nb\\u{1b}[2J\\u{9}c'))

  test('JSON stays the same value and holds no character a terminal obeys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const json = safeJson({ value, text })
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ value, text })))
        expect(json).not.toMatch(/[\p{Cc}\p{Cf}]/u)
      }),
    )
  })
})
