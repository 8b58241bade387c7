import fc from 'fast-check'
import { strToU8, zipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { readZip, writeZip } from './zip.ts'

const files = new Map([
  ['b.txt', strToU8('two '.repeat(500))],
  ['a/1.json', strToU8('{}')],
  ['empty', new Uint8Array()],
])

test('R253: an archive reads back, and the same files give the same bytes in any order', async () => {
  const packed = await writeZip(files)
  // Maps are equal whatever the order of their members.
  expect(readZip(packed)).toEqual(files)
  expect(Buffer.from(await writeZip(new Map([...files].toReversed())))).toEqual(Buffer.from(packed))
  expect(Buffer.from(packed).includes(Buffer.from('two two two two'))).toBe(false)
})

describe('R253: what is refused', () => {
  test.each(['../x', '/etc/passwd', 'a/../b', 'a\\b', 'C:x', '.hidden', 'a//b', '_x', `${'x'.repeat(101)}`, 'a/b/c/d/e', 'ü'])(
    'the name %s',
    (name) => {
      expect(readZip(zipSync({ [name]: strToU8('x') }))).toBeUndefined()
    },
  )

  test('a name twice', () => {
    const packed = Buffer.from(zipSync({ aaa: strToU8('1'), bbb: strToU8('2') }))
    const twice = Buffer.from(packed.toString('latin1').replaceAll('bbb', 'aaa'), 'latin1')
    expect(readZip(packed)).toBeDefined()
    expect(readZip(twice)).toBeUndefined()
  })

  test('a file that unpacks to far more than it is', () => {
    expect(readZip(zipSync({ bomb: new Uint8Array(10_000_000) }))).toBeUndefined()
    expect(readZip(zipSync({ small: new Uint8Array(60_000) }))).toBeDefined()
  })

  test('a size that is not true', () => {
    const packed = Buffer.from(zipSync({ f: strToU8('x'.repeat(1_000)) }))
    const central = packed.indexOf(Buffer.from('PK\u0001\u0002', 'latin1'))
    packed.writeUInt32LE(2_000, central + 24)
    expect(readZip(packed)).toBeUndefined()
  })

  test('many names for the same bytes, each of which unpacks to far more than it says', () => {
    const packed = Buffer.from(zipSync({ f: new Uint8Array(4_000_000) }))
    const central = packed.indexOf(Buffer.from('PK\u0001\u0002', 'latin1'))
    const entry = packed.subarray(central, packed.length - 22)
    const entries = Array.from({ length: 20_000 }, (_, i) => {
      const name = Buffer.from(`f${i}`)
      const header = Buffer.from(entry.subarray(0, 46))
      header.writeUInt32LE(0, 24)
      header.writeUInt16LE(name.length, 28)
      return Buffer.concat([header, name])
    })
    const table = Buffer.concat(entries)
    const end = Buffer.from(packed.subarray(-22))
    for (const at of [8, 10]) end.writeUInt16LE(entries.length, at)
    end.writeUInt32LE(table.length, 12)
    expect(readZip(Buffer.concat([packed.subarray(0, central), table, end]))).toBeUndefined()
  })

  /** An archive with one number of the first such record written anew. */
  const edited = (record: string, offset: number, value: number, width: 2 | 4 = 4): Buffer => {
    const packed = Buffer.from(zipSync({ 'aa.txt': strToU8('one '.repeat(9)), 'bb.txt': strToU8('two '.repeat(9)) }))
    packed.writeUIntLE(value, packed.indexOf(Buffer.from(record, 'latin1')) + offset, width)
    return packed
  }
  const [local, central, end] = ['PK\u0003\u0004', 'PK\u0001\u0002', 'PK\u0005\u0006']
  test.each([
    ['that is a link', edited(central, 38, 0o120777 * 65_536)],
    ['that is encrypted', edited(central, 8, 1, 2)],
    ['another checksum', edited(central, 16, 7)],
    ['another name in front of it', edited(local, 30, 0x7a7a, 2)],
    ['another size in front of it', edited(local, 22, 7)],
    ['another method in front of it', edited(local, 8, 0, 2)],
    ['a size that needs ZIP64', edited(central, 24, 0xffff_ffff)],
    ['a place that needs ZIP64', edited(central, 42, 0xffff_ffff)],
    ['fewer files than there are', edited(end, 8, 1, 2)],
    ['a comment', Buffer.concat([edited(end, 20, 1, 2), Buffer.from('x')])],
    ['bytes before it', Buffer.concat([Buffer.from('x'), zipSync({ f: strToU8('x') })])],
    ['bytes after it', Buffer.concat([zipSync({ f: strToU8('x') }), Buffer.from('x')])],
  ])('a file or an archive with %s', (_, packed) => {
    expect(readZip(packed)).toBeUndefined()
  })

  test('names that are one name where case does not count', () => {
    expect(readZip(zipSync({ 'a/x': strToU8('1'), 'A/x': strToU8('2') }))).toBeUndefined()
  })

  test('bytes between two files, which a program that reads from the front would unpack', () => {
    const [one, two] = [zipSync({ a: strToU8('1') }, { level: 0 }), zipSync({ b: strToU8('2') }, { level: 0 })].map((zip) =>
      Buffer.from(zip),
    )
    const [table, hidden] = [one, two].map((zip) => zip?.indexOf(Buffer.from(central, 'latin1')) ?? 0)
    const packed = Buffer.concat([
      one?.subarray(0, table) ?? [],
      two?.subarray(0, hidden) ?? [],
      one?.subarray(table) ?? [],
    ] as Buffer[])
    packed.writeUInt32LE((table ?? 0) + (hidden ?? 0), packed.length - 6)
    expect(readZip(packed)).toBeUndefined()
  })

  test('a file after whose end more follows within its bytes', () => {
    const packed = Buffer.from(zipSync({ f: strToU8('x'.repeat(99)) }))
    const table = packed.indexOf(Buffer.from(central, 'latin1'))
    const longer = Buffer.concat([packed.subarray(0, table), Buffer.from('hidden'), packed.subarray(table)])
    for (const at of [18, table + 6 + 20]) longer.writeUInt32LE(longer.readUInt32LE(at) + 6, at)
    longer.writeUInt32LE(table + 6, longer.length - 6)
    expect(readZip(longer)).toBeUndefined()
  })

  test('too many files', () => {
    const many = Object.fromEntries(Array.from({ length: 25_001 }, (_, i) => [`f${i}`, new Uint8Array()]))
    expect(readZip(zipSync(many, { level: 0 }))).toBeUndefined()
  })

  test('anything else, whatever its bytes', async () => {
    const packed = await writeZip(files)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.nat(), fc.nat(), (noise, at, length) => {
        readZip(noise)
        const start = at % packed.length
        readZip(Buffer.concat([packed.slice(0, start), noise, packed.slice(start + (length % 50))]))
        return true
      }),
    )
    expect(readZip(new Uint8Array())).toBeUndefined()
    expect(readZip(packed.slice(0, -5))).toBeUndefined()
  })
})
