import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cosign, cosignaturesOf } from './cosignature.ts'
import { KEY, signHead } from './fixtures/memory-log.ts'
import { formatNote, formatNoteKey, mergeNotes, noteKeyId, parseNote, parseNoteKey } from './note.ts'

/** From the text of C2SP tlog-cosignature: a checkpoint with the signature of its log and one cosignature. */
const PUBLISHED =
  'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
  '\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
  '\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n'

const secretOf = (n: number): Uint8Array => new Uint8Array(32).fill(n)
const witness = (n: number) => ({ name: `w${n}.example`, publicKey: ed25519.getPublicKey(secretOf(n)) })
const cosigned = async (note: string, n: number, timeS = 1_700_000_000): Promise<string> => {
  const parsed = parseNote(note)
  if (!parsed) throw new Error('not a note')
  const line = await cosign(parsed.text, witness(n), { timeS, sign: (bytes) => ed25519.sign(bytes, secretOf(n)) })
  return formatNote({ ...parsed, signatures: [...parsed.signatures, line] })
}
const HEAD = await signHead(7, new Uint8Array(32).fill(3))

test('R117: the published example is read: time, key id and bytes where the specification has them', () => {
  const line = parseNote(PUBLISHED)?.signatures[1]
  expect(line).toMatchObject({ name: 'witness.example.com/w1', keyId: '8d66cf3f' })
  expect(new DataView((line?.signature ?? new Uint8Array()).slice().buffer).getBigUint64(0)).toBe(1_679_315_147n)
  expect(formatNote(parseNote(PUBLISHED) ?? { text: '', signatures: [] })).toBe(PUBLISHED)
})

/** Made by filippo.io/torchwood, which also accepts ours: key as text, and a note with one cosignature. */
const FOREIGN_KEY = 'witness.example/go+f7063f05+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs'
const FOREIGN =
  'example.com/log\n300\n5h4tZiLsbrKHSfgMBabIEgj2M3LqTOxN39vuPAqVTts=\n\n' +
  '\u2014 witness.example/go 9wY/BQAAAABrAUrMBkEaGdKWWI5WLjLFwBXOXiX9+PPW5ShX4k3nZNUL+qaqJ0ye6otoJJ0xblIYL4R2MnojokWs95ZGZEQ+dY+wDw==\n'

test('R117: a cosignature made by other software verifies, and only over what it was made for', () => {
  const key = parseNoteKey(FOREIGN_KEY, 'cosignature')
  if (!key) throw new Error('the key does not parse')
  expect(formatNoteKey(key, 'cosignature')).toBe(FOREIGN_KEY)
  expect(cosignaturesOf(FOREIGN, [key])).toEqual([{ name: 'witness.example/go', timeS: 1_795_246_796 }])
  expect(cosignaturesOf(FOREIGN.replace('\n300\n', '\n301\n'), [key])).toEqual({ fault: 'signature_wrong' })
})

test('R117: a cosignature is over the header, the time and the text of the checkpoint', async () => {
  const note = await cosigned(HEAD, 2, 1_679_315_147)
  const { text, signatures } = parseNote(note) ?? { text: '', signatures: [] }
  const bytes = new TextEncoder().encode(`cosignature/v1\ntime 1679315147\n${text}`)
  expect(ed25519.verify(signatures[1]?.signature.slice(8) ?? new Uint8Array(), bytes, witness(2).publicKey)).toBe(true)
  expect(cosignaturesOf(note, [witness(2)])).toEqual([{ name: 'w2.example', timeS: 1_679_315_147 }])
})

test('R117: cosignatures of strangers are ignored, and each witness counts once', async () => {
  const twice = await cosigned(await cosigned(await cosigned(HEAD, 2), 2, 1_700_000_001), 3)
  expect(cosignaturesOf(twice, [witness(2)])).toEqual([{ name: 'w2.example', timeS: 1_700_000_001 }])
  expect(cosignaturesOf(twice, [witness(2), witness(3)])).toHaveLength(2)
  expect(cosignaturesOf(twice, [witness(4)])).toEqual([])
})

test('R117: a plain signature of the same key is no cosignature, nor one with another time', async () => {
  const note = await cosigned(HEAD, 2)
  const parsed = parseNote(note)
  const line = parsed?.signatures[1]
  if (!parsed || !line) throw new Error('no cosignature')
  const withLine = (signature: Uint8Array): string => formatNote({ text: parsed.text, signatures: [{ ...line, signature }] })
  const later = line.signature.slice()
  later[7] = (later[7] ?? 0) + 1
  expect(cosignaturesOf(withLine(later), [witness(2)])).toEqual({ fault: 'signature_wrong' })
  expect(cosignaturesOf(withLine(line.signature.slice(8)), [witness(2)])).toEqual({ fault: 'signature_wrong' })
  const plain = ed25519.sign(new TextEncoder().encode(parsed.text), secretOf(2))
  expect(cosignaturesOf(withLine(new Uint8Array([...line.signature.subarray(0, 8), ...plain])), [witness(2)])).toEqual({
    fault: 'signature_wrong',
  })
  await expect(cosign(parsed.text, witness(2), { timeS: 0, sign: () => new Uint8Array(64) })).rejects.toThrow(RangeError)
})

test('a witness key as text has the algorithm byte 4 and is no key of a log', () => {
  const text = formatNoteKey(witness(2), 'cosignature')
  expect(parseNoteKey(text, 'cosignature')).toEqual(witness(2))
  expect(parseNoteKey(text)).toBeUndefined()
  expect(parseNoteKey(formatNoteKey(KEY), 'cosignature')).toBeUndefined()
  expect(noteKeyId(witness(2), 'cosignature')).not.toBe(noteKeyId(witness(2)))
})

test('notes over one text are merged, each signature once; over two texts they are not', async () => {
  const merged = mergeNotes([await cosigned(HEAD, 2), await cosigned(HEAD, 3)])
  expect(parseNote(merged ?? '')?.signatures).toHaveLength(3)
  expect(cosignaturesOf(merged ?? '', [witness(2), witness(3)])).toHaveLength(2)
  expect(mergeNotes([HEAD, await signHead(8, new Uint8Array(32))])).toBeUndefined()
  expect(mergeNotes([])).toBeUndefined()
})

test('no text makes the reader of cosignatures throw', () => {
  const near = fc
    .array(fc.constantFrom('\n', '\u2014 w2.example ', 'AAAA', '=', PUBLISHED), { maxLength: 8 })
    .map((parts) => parts.join(''))
  fc.assert(fc.property(fc.oneof(fc.string(), near), (text) => void cosignaturesOf(text, [witness(2)])))
})
