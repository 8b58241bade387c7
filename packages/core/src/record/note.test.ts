import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../model/bytes.ts'
import { formatCheckpoint, parseCheckpoint, signCheckpoint, verifyCheckpoint } from './checkpoint.ts'
import { formatNoteKey, noteKeyId, parseNote, parseNoteKey, signNote, verifyNote } from './note.ts'

/** The example in the documentation of golang.org/x/mod/sumdb/note: key, text and signature made by other software. */
const PETER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const NOTE =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n" +
  '\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'

const secret = new Uint8Array(32).fill(7)
const key = { name: 'sallyport.local/test', publicKey: ed25519.getPublicKey(secret) }
const sign = (bytes: Uint8Array): Uint8Array => ed25519.sign(bytes, secret)
const head = { origin: key.name, size: 20_852_163, root: new Uint8Array(32).fill(9) }

test('R117: a note signed by other C2SP software verifies', () => {
  const peter = parseNoteKey(PETER)
  if (!peter) throw new Error('the key does not parse')
  expect(noteKeyId(peter)).toBe('c74f20a3')
  expect(formatNoteKey(peter)).toBe(PETER)
  expect(verifyNote(NOTE, [peter])).toEqual({ text: NOTE.slice(0, NOTE.indexOf('\n\n') + 1) })
})

test('R117: a checkpoint reads back what was signed', async () => {
  const note = await signCheckpoint(head, key, sign)
  expect(verifyCheckpoint(note, { origin: key.name, keys: [key] })).toEqual(head)
})

test('R117: a note signed by a foreign key, or claiming a trusted name, does not verify', async () => {
  const foreignSecret = new Uint8Array(32).fill(8)
  const foreign = { name: key.name, publicKey: ed25519.getPublicKey(foreignSecret) }
  const note = await signCheckpoint(head, foreign, (bytes) => ed25519.sign(bytes, foreignSecret))
  expect(verifyCheckpoint(note, { origin: key.name, keys: [key] })).toEqual({ fault: 'unsigned_by_trusted' })
  // A signature under the trusted key's own name and id must be right.
  const forged = await signNote(formatCheckpoint(head), key, (bytes) => ed25519.sign(bytes, foreignSecret))
  expect(verifyCheckpoint(forged, { origin: key.name, keys: [key] })).toEqual({ fault: 'signature_wrong' })
})

test('R117: one wrong signature of a trusted key spoils the note, an unknown one is ignored', async () => {
  const good = await signCheckpoint(head, key, sign)
  const stranger = await signCheckpoint(head, { ...key, name: 'witness.example' }, sign)
  const line = stranger.slice(stranger.lastIndexOf('\u2014'))
  expect(verifyCheckpoint(good + line, { origin: key.name, keys: [key] })).toEqual(head)
  const wrong = await signNote('another text\n', key, sign)
  expect(verifyCheckpoint(good + wrong.slice(wrong.lastIndexOf('\u2014')), { origin: key.name, keys: [key] })).toEqual({
    fault: 'signature_wrong',
  })
})

test('R117: a checkpoint of another log, signed by the same key, is foreign', async () => {
  const note = await signCheckpoint({ ...head, origin: 'sallyport.local/other' }, key, sign)
  expect(verifyCheckpoint(note, { origin: key.name, keys: [key] })).toEqual({ fault: 'origin_foreign' })
})

test('R117: any changed character of a signed checkpoint makes it invalid', async () => {
  const note = await signCheckpoint(head, key, sign)
  for (let i = 0; i < note.length; i++) {
    const changed = `${note.slice(0, i)}${note[i] === '1' ? '2' : '1'}${note.slice(i + 1)}`
    expect(verifyCheckpoint(changed, { origin: key.name, keys: [key] })).toHaveProperty('fault')
  }
})

test.each([
  ['o\n01\n', 'a size with a leading zero'],
  ['o\n-1\n', 'a negative size'],
  ['o\n9007199254740993\n', 'a size a double cannot hold'],
  ['\n1\n', 'no origin'],
])('checkpoint %# is malformed: %j has %s', (start) => {
  expect(parseCheckpoint(`${start}${'A'.repeat(43)}=\n`)).toBeUndefined()
})

test('a checkpoint whose root is not 32 bytes, or with an empty line, is malformed', () => {
  expect(parseCheckpoint(`o\n1\n${'A'.repeat(42)}==\n`)).toBeUndefined()
  expect(parseCheckpoint(`o\n1\n${'A'.repeat(43)}=\n\n`)).toBeUndefined()
  expect(parseCheckpoint(`o\n1\n${'A'.repeat(43)}=\nextension\n`)?.size).toBe(1)
})

test('no text makes the parsers throw, and what they accept is written back the same', () => {
  const near = fc
    .array(fc.constantFrom('\n', '\u2014 ', 'a', ' ', '+', '=', 'AAAA', '0', '\u0000', '\ud800'), { maxLength: 60 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (text) => {
      const checkpoint = parseCheckpoint(text)
      const noteKey = parseNoteKey(text)
      expect(text.startsWith(parseNote(text)?.text ?? '')).toBe(true)
      expect(text.startsWith(checkpoint ? formatCheckpoint(checkpoint) : '')).toBe(true)
      expect(noteKey ? formatNoteKey(noteKey) : text).toBe(text)
    }),
    { numRuns: 2_000 },
  )
})

test('a note key of another algorithm or with another id is refused', () => {
  const text = formatNoteKey(key)
  expect(parseNoteKey(text)?.publicKey && toHex(parseNoteKey(text)?.publicKey ?? new Uint8Array())).toBe(toHex(key.publicKey))
  expect(parseNoteKey(text.replace('+A', '+B'))).toBeUndefined()
  expect(parseNoteKey(text.replace(noteKeyId(key), '00000000'))).toBeUndefined()
})
