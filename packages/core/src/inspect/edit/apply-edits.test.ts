import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isJsonObject, type Json } from '../../model/json.ts'
import { atOf, flatten } from '../flatten.ts'
import { applyEdits, type Edit } from './apply-edits.ts'
import { editText, mergeSpans } from './edit-text.ts'
import { textAt } from './text-at.ts'

const SECRET = 'S3CRET'
const anyString = fc
  .array(fc.constantFrom(SECRET, 'S3', 'CRET', 'a', '😀', ' ', ''), { maxLength: 6 })
  .map((parts) => parts.join(''))
const { value: anyJson } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    anyString,
    fc.constantFrom<Json>(null, true, 4_111_111_111_111_111, 5),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(anyString, fc.constantFrom('__proto__', 'constructor')), tie('value'), { maxKeys: 4 }),
  ),
}))

/** Edits for every place where the secret is. */
function editsOf(value: Json): Edit[] {
  return [...flatten(value)].flatMap((leaf) =>
    [...leaf.text.matchAll(/S3CRET/g)].map(({ index }) => ({
      at: atOf(leaf.step),
      inName: leaf.kind === 'name',
      start: index,
      end: index + SECRET.length,
      replacement: '[x]',
    })),
  )
}

/** What edits have to come to: every text replaced as a text, in a copy. */
function replaced(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll(SECRET, '[x]')
  if (Array.isArray(value)) return (value as readonly Json[]).map(replaced)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.replaceAll(SECRET, '[x]'), replaced(member ?? null)]),
  )
}

describe('applyEdits', () => {
  test('R075, R212: a redacted value is nowhere in the result, and nothing else has changed', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const before = JSON.stringify(value)
        const after = applyEdits(value, editsOf(value))
        expect(JSON.stringify(after)).not.toContain(SECRET)
        expect(JSON.stringify(value)).toBe(before)
        const names = [...flatten(value)].filter((leaf) => leaf.kind === 'name').length
        expect([...flatten(after)].filter((leaf) => leaf.kind === 'name').length).toBe(names)
        // Suffixes of names that became alike are the one thing that plain replacement does not do.
        if (!/_\d/.test(JSON.stringify(after))) expect(JSON.stringify(after)).toBe(JSON.stringify(replaced(value)))
      }),
      { numRuns: 2_000 },
    )
  })
  test('what no edit touches is the same object', () => {
    const value = { a: { b: ['x'] }, c: { d: 'ab' } }
    const after = applyEdits(value, [{ at: ['c', 'd'], start: 0, end: 1, replacement: '' }]) as typeof value
    expect(after).toEqual({ a: { b: ['x'] }, c: { d: 'b' } })
    expect(after.a).toBe(value.a)
    expect(applyEdits(value, [])).toBe(value)
  })
  test.each<[string, Json, Edit[], Json]>([
    ['the value itself', 'abc', [{ at: [], start: 1, end: 2, replacement: '-' }], 'a-c'],
    ['an item', ['a', 'b'], [{ at: [1], start: 0, end: 1, replacement: 'c' }], ['a', 'c']],
    [
      'a name and its value',
      { ab: 'cd', e: 1 },
      [
        { at: ['ab'], inName: true, start: 0, end: 1, replacement: 'x' },
        { at: ['ab'], start: 1, end: 2, replacement: 'y' },
      ],
      { xb: 'cy', e: 1 },
    ],
    [
      'a name and what is in its value',
      { ab: { cd: 'ef' } },
      [
        { at: ['ab'], inName: true, start: 0, end: 1, replacement: 'x' },
        { at: ['ab', 'cd'], inName: true, start: 0, end: 2, replacement: 'n' },
        { at: ['ab', 'cd'], start: 0, end: 2, replacement: 'v' },
      ],
      { xb: { n: 'v' } },
    ],
    ['a number becomes text', { n: 4111 }, [{ at: ['n'], start: 0, end: 2, replacement: '**' }], { n: '**11' }],
    ['and a number again', { n: '[1]' }, [{ at: ['n'], start: 0, end: 3, replacement: '4111', isNumber: true }], { n: 4111 }],
    ['but not a part of a text', { n: '7[1]' }, [{ at: ['n'], start: 1, end: 4, replacement: '4', isNumber: true }], { n: '74' }],
    [
      'names that become alike stay two members, and an unchanged one keeps its name',
      { 'x-1': 1, 'x-2': 2, y: 3 },
      [
        { at: ['x-1'], inName: true, start: 0, end: 3, replacement: 'y' },
        { at: ['x-2'], inName: true, start: 0, end: 3, replacement: 'y' },
      ],
      { y_2: 1, y_3: 2, y: 3 },
    ],
  ])('%s', (_, value, edits, expected) => {
    const after = applyEdits(value, edits)
    expect(after).toEqual(expected)
    expect(JSON.stringify(after).length).toBe(JSON.stringify(expected).length)
  })
  const at = { start: 0, end: 1, replacement: '' }
  test.each<[string, Json, Edit]>([
    ['a start below 0', 'abc', { ...at, at: [], start: -1 }],
    ['an end behind the text', 'abc', { ...at, at: [], end: 4 }],
    ['an empty span', 'abc', { ...at, at: [], end: 0 }],
    ['half an index', 'abc', { ...at, at: [], start: 0.5 }],
    ['no text there', { a: {} }, { ...at, at: ['a'] }],
    ['null', { a: null }, { ...at, at: ['a'] }],
    ['a member that is not there', { a: 'b' }, { ...at, at: ['b'] }],
    ['a member of every object', {}, { ...at, at: ['toString'] }],
    ['an item that is not there', ['b'], { ...at, at: [1] }],
    ['an index as text', ['b'], { ...at, at: ['0'] }],
    ['a property of arrays', ['b'], { ...at, at: ['length'] }],
    ['an index into an object', { '0': 'b' }, { ...at, at: [0] }],
    ['below a text', 'abc', { ...at, at: [0] }],
    ['the name of an item', ['b'], { ...at, at: [0], inName: true }],
    ['the name of the value', 'b', { ...at, at: [], inName: true }],
  ])('outside is refused: %s', (_, value, edit) => {
    expect(() => applyEdits(value, [edit])).toThrow(RangeError)
    if (edit.end === 1 && edit.start === 0) expect(() => textAt(value, edit.at, edit.inName ?? false)).toThrow(RangeError)
  })
})

describe('editText', () => {
  test.each<[string, readonly [number, number, string][], string]>([
    [
      'abcdef',
      [
        [1, 3, 'x'],
        [2, 5, 'y'],
      ],
      'ayf',
    ],
    [
      'abcdef',
      [
        [2, 5, 'y'],
        [1, 3, 'x'],
      ],
      'ayf',
    ],
    [
      'abcdef',
      [
        [1, 3, 'x'],
        [3, 5, 'y'],
      ],
      'axyf',
    ],
    [
      'abcdef',
      [
        [0, 6, 'x'],
        [2, 3, 'y'],
      ],
      'x',
    ],
    [
      'abcdef',
      [
        [1, 3, 'x'],
        [1, 3, 'y'],
      ],
      'axdef',
    ],
    [
      'abcdef',
      [
        [0, 2, 'x'],
        [1, 4, 'y'],
        [3, 5, 'z'],
      ],
      'yf',
    ],
    ['a😀b', [[1, 2, 'x']], 'axb'],
    ['a😀b', [[0, 2, 'x']], 'xb'],
    ['a😀b', [[2, 4, 'x']], 'ax'],
  ])('%j with %j', (text, edits, expected) =>
    expect(
      editText(
        text,
        edits.map(([start, end, replacement]) => ({ start, end, replacement })),
      ),
    ).toBe(expected),
  )
  test('merged spans cover what the spans cover, in order and apart', () => {
    const text = 'a😀b'.repeat(10)
    const anySpan = fc
      .tuple(fc.nat(39), fc.integer({ min: 1, max: 8 }))
      .map(([start, length]) => ({ start, end: Math.min(40, start + length) }))
    fc.assert(
      fc.property(fc.array(anySpan, { maxLength: 12 }), (spans) => {
        const merged = mergeSpans(text, spans)
        const inside = (list: readonly { start: number; end: number }[], i: number): boolean =>
          list.some(({ start, end }) => start <= i && i < end)
        for (let i = 0; i < text.length; i++) {
          const pair = text.charCodeAt(i) >= 0xdc00 ? i - 1 : text.charCodeAt(i) >= 0xd800 ? i + 1 : i
          expect(inside(merged, i)).toBe(inside(spans, i) || inside(spans, pair))
        }
        for (const [i, { start }] of merged.entries()) expect(start >= (merged[i - 1]?.end ?? 0)).toBe(true)
        expect(merged.flatMap(({ members }) => members).length).toBe(spans.length)
      }),
    )
  })
})
