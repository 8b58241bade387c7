import { describe, expect, test } from 'vitest'
import { notSources, sources } from './fixtures/texts.ts'
import { sourceCode } from './index.ts'

const at = { channel: 'output', path: '', field: '', view: 'text', otherTools: [] } as const
const see = (text: string) => sourceCode.detect(text, at)

describe('R288: source code is found', () => {
  test.each(sources)('%s', (_, text) => {
    expect(see(text)).toMatchObject([{ code: 'source_code', severity: 'low', class: 'source-code' }])
    expect(see(`Dear Jane,\n\nthis is what we have.\n\n${text}\n\nKind regards, John`).length).toBe(1)
  })
})
describe('R288: what has code words is not', () => {
  test.each(notSources)('%s', (_, text) => expect(see(text)).toEqual([]))
})
test('the block is the code, not the prose around it', () => {
  const text = sources.find(([name]) => name === 'JavaScript in prose')?.[1] ?? ''
  const [seen] = see(text)
  expect(text.slice(seen?.start, seen?.end)).toMatch(/^function price[^]*\}$/)
})
test('hostile lines are read to their end', () => {
  for (const unit of [
    '\n',
    'a(',
    'a()\n',
    '{',
    ' ',
    'if (',
    'if (a)\n',
    'x = ',
    `${'a('.repeat(140)}\n`,
    `${' '.repeat(70)}x\n`,
    'function ',
  ])
    expect(Array.isArray(see(unit.repeat(Math.ceil(1_048_576 / unit.length))))).toBe(true)
})
