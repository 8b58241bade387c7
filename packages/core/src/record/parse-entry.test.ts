import { expect, test } from 'vitest'
import { utf8 } from '../model/bytes.ts'
import { entriesOf } from './fixtures/memory-log.ts'
import { parseEntry } from './parse-entry.ts'
import { fromUtf8 } from './text.ts'

const [entry = utf8('')] = entriesOf(1)
const text = fromUtf8(entry) ?? ''
const faultOf = (leaf: string): string | undefined => {
  const parsed = parseEntry(utf8(leaf))
  return 'fault' in parsed ? parsed.fault : undefined
}

test('R116: a leaf has one spelling; every other one is a fault', () => {
  expect(faultOf(text)).toBeUndefined()
  for (const other of [
    ` ${text}`,
    `${text}\n`,
    text.replace('"v":1', '"v":1.0'),
    text.replace('"v":1', '"v":2,"v":1'),
    '',
    'null',
    '[]',
  ])
    expect(faultOf(other), other).toEqual(expect.any(String))
})

test('R116 R253: a leaf nested as deep as its size allows is a fault or an entry, and nothing is thrown', () => {
  expect(text).toContain('{"name":"string(3)"}')
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const)
    for (const depth of [64, 1_000, 3_000, 5_000, 10_000, 30_000]) {
      const deep = text.replace('{"name":"string(3)"}', `${open.repeat(depth)}"x"${close.repeat(depth)}`)
      if (depth === 64) expect(faultOf(deep)).toBeUndefined()
      else expect(() => faultOf(deep)).not.toThrow()
      if (depth === 30_000) expect(faultOf(deep)).toEqual(expect.any(String))
    }
})
