import { deflateSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { openExtractor, type ContentExtractor, type ExtractorOptions } from './extractor.ts'
import { makeDocx, paragraph } from './fixtures/make-office.ts'
import { makePdf, textAt } from './fixtures/make-pdf.ts'

const opened: ContentExtractor[] = []
const open = (options: ExtractorOptions = {}): ContentExtractor => {
  const extractor = openExtractor(options)
  opened.push(extractor)
  return extractor
}
afterAll(() => Promise.all(opened.map((extractor) => extractor.close())))

const PDF = makePdf({ content: textAt('Seen') + textAt('Unseen order', { look: '1 g', y: 600 }) })
const flate = (bytes: Uint8Array) => makePdf({ content: deflateSync(bytes), stream: '/Filter /FlateDecode' })

describe('R051, R068, R072: documents are read in a thread', () => {
  test('a PDF, a Word document and a text, at the same time', async () => {
    const extractor = open({ threads: 2 })
    const [pdf, docx, text] = await Promise.all([
      extractor.extract(PDF),
      extractor.extract(makeDocx(paragraph('Seen')), { declaredType: 'application/pdf' }),
      extractor.extract(Buffer.from('Seen'), { limits: { textCharsMax: 2 } }),
    ])
    expect(pdf).toMatchObject({ type: 'pdf', isWhole: true, hidden: [{ text: 'Unseen order', where: 'colour' }] })
    expect(docx).toMatchObject({ type: 'docx', mismatch: 'type_mismatch' })
    expect(text).toMatchObject({ visible: 'Se', problems: ['truncated'] })
  })
  test('the bytes stay with whoever gave them', async () => {
    const bytes = new Uint8Array(PDF)
    await open().extract(bytes)
    expect(bytes).toEqual(new Uint8Array(PDF))
  })
})

describe('R066: whatever happens, there is an answer, and the next one is served', () => {
  const after = async (extractor: ContentExtractor): Promise<void> => {
    expect(await extractor.extract(PDF)).toMatchObject({ type: 'pdf', isWhole: true })
  }
  test('it takes too long: a page of a million small drawings', async () => {
    const extractor = open({ readMs: 300, heapMib: 1_024 })
    const slow = flate(Buffer.from('0 0 m 1 1 l S\n'.repeat(1_000_000)))
    expect(await extractor.extract(slow)).toMatchObject({ isWhole: false, problems: ['timed_out'] })
    await after(open())
  })
  test('it needs too much memory for objects', async () => {
    const extractor = open({ heapMib: 48, bytesMib: 4_096, readMs: 30_000 })
    const heavy = flate(Buffer.from(`BT /F1 1 Tf (${'a'.repeat(10_000_000)}) Tj ET`))
    expect(await extractor.extract(heavy)).toMatchObject({ isWhole: false, problems: ['failed'] })
    await after(extractor)
  })
  test('it needs too much memory for bytes: a stream that unpacks to a quarter of a gibibyte', async () => {
    const extractor = open({ bytesMib: 96, readMs: 30_000 })
    const twice = deflateSync(deflateSync(Buffer.alloc(256 * 1_048_576)))
    expect(twice.length).toBeLessThan(20_000)
    const bomb = makePdf({ content: twice, stream: '/Filter [/FlateDecode /FlateDecode]' })
    expect(await extractor.extract(bomb)).toMatchObject({ isWhole: false, problems: ['unpack_limit'] })
    await after(extractor)
  })
  test('it is too large, or too much waits', async () => {
    const extractor = open()
    expect(await extractor.extract(new Uint8Array(17 * 1_048_576))).toMatchObject({ isWhole: false, problems: ['too_large'] })
    const all = await Promise.all(Array.from({ length: 80 }, () => extractor.extract(Buffer.from('Seen'))))
    expect(all.filter(({ problems }) => problems.includes('busy')).length).toBe(80 - 65)
    await after(extractor)
  })
  test('it waits too long', async () => {
    const extractor = open({ waitMs: 50, readMs: 2_000 })
    const slow = extractor.extract(flate(Buffer.from('0 0 m 1 1 l S\n'.repeat(1_000_000))))
    expect(await extractor.extract(PDF)).toMatchObject({ isWhole: false, problems: ['busy'] })
    await slow
  })
  test('it is closed', async () => {
    const extractor = open()
    const [first, second] = [extractor.extract(PDF), extractor.extract(PDF)]
    await extractor.close()
    for (const found of [await first, await second, await extractor.extract(PDF)])
      expect(found).toMatchObject({ isWhole: false, problems: ['closed'] })
  })
})
