import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { makeDocx, pack, paragraph } from './fixtures/make-office.ts'
import { makePdf, textAt } from './fixtures/make-pdf.ts'
import { read } from './fixtures/read.ts'

describe('R066: what is not read is said', () => {
  test.each([
    ['bytes of no known format', '\x01\x02\x03', 'unknown'],
    ['an old Office file', Buffer.from('d0cf11e0a1b11ae10000', 'hex'), 'ole2'],
    ['a program', '\x7fELF\x02\x01\x01\0', 'elf'],
  ])('%s', async (_, bytes, type) => {
    expect(await read(bytes)).toMatchObject({ type, visible: '', isWhole: false, problems: ['unreadable'] })
  })
  test('bytes of two formats are read as one, and are not whole', async () => {
    const both = Buffer.concat([makePdf({ content: textAt('Seen') }), pack({ 'a.txt': 'b' })])
    expect(await read(both, {}, 'application/pdf')).toMatchObject({
      type: 'pdf',
      mismatch: 'polyglot',
      isWhole: false,
      problems: ['unreadable'],
    })
  })
  test('JSON labelled as PDF', async () => {
    expect(await read('{"a":"b"}', {}, 'application/pdf')).toMatchObject({
      type: 'json',
      mismatch: 'type_mismatch',
      visible: '{"a":"b"}',
      isWhole: true,
    })
    expect(await read('{"a":"b"}', {}, 'application/json')).not.toHaveProperty('mismatch')
  })
  test('nothing is nothing', async () => {
    expect(await read('')).toMatchObject({ type: 'empty', isWhole: true, problems: [] })
  })
})

test('text in any encoding', async () => {
  for (const bytes of [
    Buffer.from('Grüße'),
    Buffer.from('\ufeffGrüße'),
    Buffer.from('\ufeffGrüße', 'utf16le'),
    Buffer.from('Grüße', 'latin1'),
  ])
    expect((await read(bytes)).visible).toBe('Grüße')
})

test('pages and drawings are given as their source', async () => {
  expect(await read('<!doctype html><p hidden>a')).toMatchObject({
    type: 'html',
    visible: '<!doctype html><p hidden>a',
    isWhole: true,
  })
  expect(await read('<svg><desc>a</desc></svg>')).toMatchObject({ type: 'svg', isWhole: true })
})

test('R066: damaged documents are answered, never thrown', async () => {
  const whole = [
    makePdf({ content: textAt('Seen') }),
    makeDocx(paragraph('Seen')),
    Buffer.from('{\\rtf1 {\\v a} b}'),
    Buffer.from('From: a\nTo: b\n\nc'),
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...whole),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 20 }),
      async (bytes, changes) => {
        const damaged = Buffer.from(bytes)
        for (const [at, value] of changes) damaged[at % damaged.length] = value
        const found = await read(damaged)
        expect(typeof found.visible).toBe('string')
        expect(JSON.parse(JSON.stringify(found))).toEqual(found)
      },
    ),
    { numRuns: 300 },
  )
})
