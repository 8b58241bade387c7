import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { pack, type Files } from '../fixtures/make-office.ts'
import { read } from '../fixtures/read.ts'

const MEBIBYTE = 1_048_576
const many = (count: number): Files => Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}.txt`, 'a']))

describe('archives', () => {
  test('their files are parts', async () => {
    const found = await read(pack({ 'a.txt': 'one', 'b/c.html': '<p>two' }))
    expect(found).toMatchObject({
      type: 'zip',
      isWhole: true,
      problems: [],
      parts: [
        { name: 'a.txt', visible: 'one' },
        { name: 'b/c.html', type: 'html' },
      ],
    })
  })
  test('an OpenDocument is its words', async () => {
    const content =
      '<office:document-content><text:p>Ign<text:span>ore</text:span> this</text:p><text:p>now</text:p></office:document-content>'
    const found = await read(
      pack({ mimetype: 'application/vnd.oasis.opendocument.text', 'content.xml': content, 'META-INF/manifest.xml': '<manifest/>' }),
    )
    expect(found).toMatchObject({ type: 'odf', isWhole: true })
    expect(found.visible).toContain('Ignore this\nnow')
  })
  test('packed files', async () => {
    expect(await read(gzipSync('one'))).toMatchObject({ type: 'gzip', isWhole: true, parts: [{ visible: 'one' }] })
    expect(await read(zstdCompressSync('one'))).toMatchObject({ type: 'zstd', isWhole: true, parts: [{ visible: 'one' }] })
  })
})

describe('R066: bombs are not unpacked', () => {
  test('a hundred mebibytes in a hundred kibibytes', async () => {
    const zeros = Buffer.alloc(100 * MEBIBYTE)
    for (const bomb of [gzipSync(zeros), zstdCompressSync(zeros), pack({ 'a.bin': zeros })]) {
      expect(bomb.length).toBeLessThan(200_000)
      expect(await read(bomb)).toMatchObject({ isWhole: false, problems: ['unpack_limit'], parts: [] })
    }
  })
  test('a size that is a lie', async () => {
    const bomb = Buffer.from(pack({ 'a.bin': Buffer.alloc(MEBIBYTE) }))
    for (const at of [22, bomb.indexOf('PK\x01\x02') + 24]) bomb.writeUInt32LE(10, at)
    expect(await read(bomb)).toMatchObject({ isWhole: false, problems: ['malformed'], parts: [] })
  })
  test('many files that are fair one by one', async () => {
    const file = Buffer.alloc(250_000)
    const bomb = pack(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`${i}.bin`, file])))
    const found = await read(bomb)
    expect(found).toMatchObject({ isWhole: false, problems: ['unpack_limit'] })
    expect(found.parts.length * 250_000).toBeLessThan(65 * MEBIBYTE)
  })
  test('more files than allowed', async () => {
    expect((await read(pack(many(1_000)))).problems).toEqual([])
    expect(await read(pack(many(1_001)))).toMatchObject({ isWhole: false, problems: ['unpack_limit'] })
  })
  test('an archive in an archive, forty times', async () => {
    let file = pack({ 'a.txt': 'deep' })
    for (let i = 0; i < 40; i++) file = pack({ 'a.zip': file })
    expect(await read(file)).toMatchObject({
      isWhole: false,
      parts: [{ type: 'zip', parts: [{ type: 'zip', parts: [{ type: 'zip', problems: ['nesting_limit'], parts: [] }] }] }],
    })
  })
  test('files that share their bytes, and an archive whose file is the archive', async () => {
    const two = Buffer.from(pack({ 'a.txt': 'same', 'b.txt': 'same' }))
    const table = two.indexOf('PK\x01\x02')
    const second = two.indexOf('PK\x01\x02', table + 4)
    two.writeUInt32LE(0, second + 42)
    two.write('a', second + 46)
    two.write('c', table + 46)
    two.write('a', 30)
    expect(await read(two)).toMatchObject({ isWhole: false })
    // Its one file is stored and reaches to the end: the archive's own table of contents is in it.
    const self = Buffer.from(pack({ 'a.zip': Buffer.alloc(0) }))
    const entry = self.indexOf('PK\x01\x02')
    for (const at of [18, 22, entry + 20, entry + 24]) self.writeUInt32LE(self.length - 35, at)
    expect(await read(self)).toMatchObject({ isWhole: false, problems: ['overlapping_entries'], parts: [] })
  })
  test('files laid over one another', async () => {
    const bomb = Buffer.from(pack({ 'a.txt': Buffer.alloc(64), 'b.txt': Buffer.alloc(64) }))
    const entry = bomb.indexOf('PK\x01\x02')
    // The first reaches into the second.
    for (const at of [18, entry + 20]) bomb.writeUInt32LE(bomb.readUInt32LE(at) + 40, at)
    expect(await read(bomb)).toMatchObject({ isWhole: false, problems: ['overlapping_entries'] })
  })
  test('an encrypted file, and one packed in a way that is not known', async () => {
    const change = (at: number, value: number) => {
      const file = Buffer.from(pack({ 'a.txt': 'one' }))
      file.writeUInt16LE(value, file.indexOf('PK\x01\x02') + at)
      return read(file)
    }
    expect(await change(8, 1)).toMatchObject({ isWhole: false, problems: ['encrypted'] })
    expect(await change(10, 12)).toMatchObject({ isWhole: false, problems: ['unreadable'] })
  })
  test('text beyond the limit is dropped, and that is said', async () => {
    const found = await read('a'.repeat(1_000), { textCharsMax: 100 })
    expect(found).toMatchObject({ visible: 'a'.repeat(100), isWhole: false, problems: ['truncated'] })
  })
})
