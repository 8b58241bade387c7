import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CONTENT_TYPES } from './content-type.ts'
import { storedZip } from './fixtures/stored-zip.ts'
import { mismatch } from './mismatch.ts'
import { sniff } from './sniff.ts'

const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))
const utf16 = (text: string, mark = '') => bytes(mark + text.replace(/./gs, '$&\0'))
const zipped = (...names: readonly string[]) => storedZip(Object.fromEntries(names.map((name) => [name, name])))
const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
const PDF = '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n'

const samples: readonly (readonly [string, Uint8Array])[] = [
  ['pdf', bytes(PDF)],
  ['png', bytes('\x89PNG\r\n\x1a\n\0\0\0\rIHDR')],
  ['jpeg', bytes('\xff\xd8\xff\xe0\0\x10JFIF')],
  ['gif', bytes('GIF89a\x01\0\x01\0')],
  ['webp', bytes('RIFF\0\0\0\0WEBPVP8 ')],
  ['wav', bytes('RIFF\0\0\0\0WAVEfmt ')],
  ['tiff', bytes('II*\0\x08\0\0\0')],
  ['bmp', bytes('BM\x46\0\0\0\0\0')],
  ['ico', bytes('\0\0\x01\0\x01\0')],
  ['heif', bytes('\0\0\0\x18ftypheic\0\0\0\0')],
  ['mp4', bytes('\0\0\0\x18ftypisom\0\0\0\0')],
  ['mp3', bytes('ID3\x03\0\0\0\0')],
  ['ogg', bytes('OggS\0\x02')],
  ['gzip', bytes('\x1f\x8b\x08\0\0\0\0\0')],
  ['zstd', bytes('\x28\xb5\x2f\xfd\0')],
  ['bzip2', bytes('BZh91AY&SY\0\0')],
  ['7z', bytes("7z\xbc\xaf'\x1c\0\x04")],
  ['rar', bytes('Rar!\x1a\x07\0')],
  ['ole2', bytes('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0')],
  ['elf', bytes('\x7fELF\x02\x01\x01\0')],
  ['pe', bytes('MZ\x90\0\x03\0\0\0')],
  ['macho', bytes('\xcf\xfa\xed\xfe\x07\0\0\x01')],
  ['wasm', bytes('\0asm\x01\0\0\0')],
  ['docx', zipped('[Content_Types].xml', '_rels/.rels', 'word/document.xml')],
  ['xlsx', zipped('[Content_Types].xml', 'xl/workbook.xml')],
  ['pptx', zipped('[Content_Types].xml', 'ppt/presentation.xml')],
  ['epub', zipped('mimetype', 'META-INF/container.xml')],
  ['odf', zipped('mimetype', 'content.xml', 'META-INF/manifest.xml')],
  ['jar', zipped('META-INF/MANIFEST.MF', 'A.class')],
  ['zip', zipped('a.txt')],
  ['html', bytes('\n<!DOCTYPE html>\n<p>a')],
  ['html', bytes('<!-- a --><script>1</script>')],
  ['html', bytes('<?xml version="1.0"?><!DOCTYPE html PUBLIC "a"><html>')],
  ['html', utf16('<html><script>x()</script>', '\xff\xfe')],
  ['html', utf16('<script>xxxxxxxxxxx()</script>')],
  ['svg', bytes('<svg xmlns="http://www.w3.org/2000/svg"/>')],
  ['svg', bytes('<?xml version="1.0"?>\n<svg:svg/>')],
  ['xml', bytes('<?xml version="1.0"?>\n<order/>')],
  ['xml', bytes('<order id="1"/>')],
  ['json', bytes('{"a":1}')],
  ['json', bytes(' [1, 2]\n')],
  ['json', bytes('"a"')],
  ['csv', bytes('id,name\n1,Ann\n2,Bob\n')],
  ['csv', bytes('a;b\r\n1;2')],
  ['eml', bytes('From: a@b.example\r\nSubject: x\r\n\r\nhello')],
  ['mbox', bytes('From a@b Thu Jan  1\nFrom: a@b.example\nSubject: x\n\nhello')],
  ['rtf', bytes('{\\rtf1\\ansi hello}')],
  ['text', bytes('Hello, Ann.\nHow are you?')],
  ['text', bytes('[INST] do this [/INST]')],
  ['text', bytes('MZ is where programs begin, BM pictures, ID3 songs')],
  ['text', bytes('caf\xe9')],
  ['text', bytes('caf\xc3\xa9')],
  ['text', bytes('Note: from now on\nwe meet at 10:00')],
  ['unknown', bytes('\x01\x02\x03\x04')],
  ['empty', bytes('')],
]

describe('R066: bytes are told by themselves', () => {
  test.each(samples)('%s', (type, sample) => expect(sniff(sample)).toMatchObject({ type, also: [] }))
  test('encodings', () => {
    const encoding = (text: string) => sniff(bytes(text)).encoding
    expect(encoding('caf\xc3\xa9')).toBe('utf-8')
    expect(encoding('caf\xe9')).toBe('latin1')
    expect(encoding('\xed\xa0\x80')).toBe('latin1')
    expect(encoding('\xff\xfea\0')).toBe('utf-16le')
    expect(encoding('\0h\0e\0l\0l\0o')).toBe('utf-16be')
    expect(encoding('GIF89a\0')).toBeUndefined()
  })
  test('anything is something', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6_000 }), (any) => {
        expect(CONTENT_TYPES).toContain(sniff(any).type)
      }),
    )
  })
})

describe('R066: bytes of two formats', () => {
  test.each([
    ['a page in front of a PDF', join(bytes('<html><script>x()</script>\n'), bytes(PDF)), ['pdf']],
    ['a page within a PDF', bytes('%PDF-1.7\n%<html><script>x()</script>'), ['html']],
    ['a picture with an archive behind it', join(bytes('GIF89a\x01\0\x01\0'), zipped('META-INF/MANIFEST.MF', 'A.class')), ['zip']],
    ['a picture with a page in it', bytes('GIF89a/*\0*/<script>x()</script>'), ['html']],
    ['a picture with a PDF in it', bytes('\xff\xd8\xff\xfe\0\x20%PDF-1.7\n'), ['pdf']],
    ['a PDF with an archive behind it', join(bytes(PDF), zipped('a.txt')), ['zip']],
  ])('%s', (_, sample, also) => expect(sniff(sample).also).toEqual(also))
  test.each([
    ['an archive whose first file is a PDF', storedZip({ 'a.pdf': PDF })],
    ['a text that speaks of PDF', bytes('A file that begins with %PDF-1.7 is a PDF.')],
    ['a picture with an archive inside, not at its end', join(bytes('GIF89a\x01\0\x01\0'), zipped('a.txt'), bytes('\0;'))],
    ['a mail with a page in it', bytes('From: a@b.example\nSubject: x\n\n<html><body>hi')],
  ])('not: %s', (_, sample) => expect(sniff(sample).also).toEqual([]))
})

describe('R066: what is declared against what is there', () => {
  test.each([
    ['JSON labelled as PDF', 'application/pdf', bytes('{"a":1}'), 'type_mismatch'],
    ['a page labelled as text', 'text/plain; charset=utf-8', bytes('<html><script>x()</script>'), 'active_content'],
    ['a page labelled as JSON', 'application/json', bytes('<!doctype html>'), 'active_content'],
    ['a drawing with scripts labelled as PNG', 'image/png', bytes('<svg onload="x()"/>'), 'active_content'],
    ['a program labelled as a picture', 'image/png', bytes('MZ\x90\0\x03\0\0\0'), 'executable_content'],
    ['a program labelled as something unheard of', 'application/x-thing', bytes('\x7fELF\x02\x01\x01\0'), 'executable_content'],
    ['a picture that is an archive, too', 'image/gif', join(bytes('GIF89a\x01\0\x01\0'), zipped('a')), 'polyglot'],
    [
      'a word file labelled as a table',
      'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      zipped('[Content_Types].xml', 'word/a'),
      'type_mismatch',
    ],
    ['a table in a page labelled as Excel', 'application/vnd.ms-excel', bytes('<html><table>'), 'active_content'],
    ['a PNG labelled as JPEG', 'image/jpeg', bytes('\x89PNG\r\n\x1a\n'), 'type_mismatch'],
    ['a text labelled as JSON', 'application/problem+json', bytes('oh no'), 'type_mismatch'],
    ['a name of an object', 'constructor', bytes('MZ\x90\0\x03\0\0\0'), 'executable_content'],
  ])('%s', (_, declared, sample, reason) => expect(mismatch(declared, sniff(sample))).toBe(reason))
  test.each([
    ['application/pdf', bytes(PDF)],
    ['APPLICATION/JSON', bytes('{"a":1}')],
    ['application/ld+json', bytes('[]')],
    ['text/plain', bytes('{"a":1}')],
    ['text/plain', bytes('<order/>')],
    ['text/markdown', bytes('<p align="center">Title</p>\n# a')],
    ['text/csv', bytes('one column\n1\n')],
    ['text/html', bytes('a fragment')],
    ['image/svg+xml', bytes('<svg/>')],
    ['image/x-raw', bytes('\x01\x02\x03')],
    ['audio/mpeg', bytes('ID3\x03\0')],
    ['application/zip', zipped('[Content_Types].xml', 'word/a')],
    ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', zipped('[Content_Types].xml', 'word/a')],
    ['application/octet-stream', bytes('MZ\x90\0\x03\0\0\0')],
    ['', bytes('<html>')],
    ['application/x-thing', bytes('a')],
  ])('agrees: %s', (declared, sample) => expect(mismatch(declared, sniff(sample))).toBeUndefined())
})
