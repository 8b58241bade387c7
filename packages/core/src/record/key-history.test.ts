import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { verifyCheckpoint, signCheckpoint } from './checkpoint.ts'
import { deriveLogKeys, formatKeyStatement, KEY_STATEMENTS_MAX, parseKeyStatement, type KeyStatement } from './key-history.ts'
import { mergeNotes, signNote, type NoteKey } from './note.ts'

const ORIGIN = 'sallyport/0123456789abcdef'
const secretOf = (n: number): Uint8Array => new Uint8Array(32).fill(n)
const key = (n: number, name: string = ORIGIN): NoteKey => ({ name, publicKey: ed25519.getPublicKey(secretOf(n)) })
const ROOT = 99
const root = key(ROOT, 'root/acme')
const keyOf = (n: number): NoteKey => (n === ROOT ? root : key(n))

/** A statement signed by these keys. */
async function said(statement: KeyStatement, ...signers: number[]): Promise<string> {
  const text = formatKeyStatement(statement)
  const notes = await Promise.all(signers.map((n) => signNote(text, keyOf(n), (bytes) => ed25519.sign(bytes, secretOf(n)))))
  return mergeNotes(notes) ?? ''
}
const certify = (n: number, size: number, ...by: number[]) => said({ act: 'certify', origin: ORIGIN, key: key(n), size }, ...by)
const revoke = (n: number, size: number, ...by: number[]) => said({ act: 'revoke', origin: ORIGIN, key: key(n), size }, ...by)
const rotate = (n: number, next: number, size: number, by: number[] = [n, next]) =>
  said({ act: 'rotate', origin: ORIGIN, key: key(n), next: key(next), size }, ...by)
const ranges = (history: string, trust: Parameters<typeof deriveLogKeys>[1]): unknown => {
  const derived = deriveLogKeys(history, trust)
  if ('fault' in derived) return derived.fault
  return derived.keys.map(({ publicKey, from, to }) => [
    [1, 2, 3, 4, 5].find((n) => publicKey[0] === key(n).publicKey[0]),
    from,
    to,
  ])
}
const byRoot = { roots: [root] }
const byFirst = { first: key(1) }
const CHAIN = [await certify(1, 0, ROOT), await rotate(1, 2, 100), await rotate(2, 3, 250)].join('')

test('R117: keys and their sizes follow from the root alone, and from the first key alone', () => {
  const expected = [
    [1, 0, 100],
    [2, 101, 250],
    [3, 251, undefined],
  ]
  expect(ranges(CHAIN, byRoot)).toEqual(expected)
  expect(ranges(CHAIN, byFirst)).toEqual(expected)
  expect(ranges('', byFirst)).toEqual([[1, 0, undefined]])
})

test('R117: a checkpoint counts only under the key of its size', async () => {
  const derived = deriveLogKeys(CHAIN, byRoot)
  if ('fault' in derived) throw new Error(derived.fault)
  const signed = (n: number, size: number): Promise<string> =>
    signCheckpoint({ origin: ORIGIN, size, root: new Uint8Array(32) }, key(n), (bytes) => ed25519.sign(bytes, secretOf(n)))
  expect(verifyCheckpoint(await signed(1, 100), derived)).toMatchObject({ size: 100 })
  expect(verifyCheckpoint(await signed(1, 101), derived)).toEqual({ fault: 'key_out_of_range' })
  expect(verifyCheckpoint(await signed(2, 100), derived)).toEqual({ fault: 'key_out_of_range' })
  expect(verifyCheckpoint(await signed(3, 251), derived)).toMatchObject({ size: 251 })
  expect(verifyCheckpoint(await signed(4, 251), derived)).toEqual({ fault: 'unsigned_by_trusted' })
  const both = mergeNotes([await signed(1, 101), await signed(2, 101)]) ?? ''
  expect(verifyCheckpoint(both, derived)).toMatchObject({ size: 101 })
})

const R12 = await rotate(1, 2, 100)
/** A history, what the verifier trusts, the fault. */
const FAULTS: readonly (readonly [string, string, Parameters<typeof deriveLogKeys>[1], string])[] = [
  ['without the certificate of the first key', R12, byRoot, 'key_unknown'],
  ['certified by somebody else', await certify(1, 0, 5), byRoot, 'unsigned'],
  ['rotated by the old key alone', await rotate(1, 2, 100, [1]), byFirst, 'unsigned'],
  ['rotated by the new key alone', await rotate(1, 2, 100, [2]), byFirst, 'unsigned'],
  ['rotated from a key that was retired', R12 + (await rotate(1, 3, 120)), byFirst, 'key_unknown'],
  ['rotated before its key began', R12 + (await rotate(2, 3, 50)), byFirst, 'size_invalid'],
  ['rotated back to an old key', R12 + (await rotate(2, 1, 150)), byFirst, 'key_unknown'],
  ['with a statement left out', (await certify(1, 0, ROOT)) + (await rotate(2, 3, 250)), byRoot, 'key_unknown'],
  [
    'of another log',
    await said({ act: 'certify', origin: 'other', key: key(1, 'other'), size: 0 }, ROOT),
    { ...byRoot, ...byFirst },
    'origin_foreign',
  ],
  ['whose revocation the revoked key signed itself', R12 + (await revoke(1, 50, 1)), byFirst, 'unsigned'],
  ['whose newest key revoked itself', R12 + (await revoke(2, 120, 2)), byFirst, 'unsigned'],
  ['of nothing', '', byRoot, 'no_key'],
  ['with a word changed', R12.replace('\n100\n', '\n101\n'), byFirst, 'unsigned'],
  ['with text before it', `hello\n${R12}`, byFirst, 'malformed'],
  ['too long', R12.repeat(KEY_STATEMENTS_MAX + 1), byFirst, 'malformed'],
]

test.each(FAULTS)('R117: a history %s does not hold', (_, history, trust, fault) => {
  expect(ranges(history, trust)).toBe(fault)
})

test('R117: a later key revokes an earlier one beyond a size', async () => {
  const history = CHAIN + (await revoke(1, 60, 3))
  expect(ranges(history, byFirst)).toEqual([
    [1, 0, 60],
    [2, 101, 250],
    [3, 251, undefined],
  ])
})

test('R117: what a root revokes takes along the keys it introduced, however early it dated them', async () => {
  const stolen = (await certify(1, 0, ROOT)) + (await rotate(1, 5, 40))
  const revoked = stolen + (await revoke(1, 80, ROOT))
  expect(ranges(revoked, byRoot)).toEqual([[1, 0, 40]])
  expect(ranges(revoked + (await certify(2, 80, ROOT)), byRoot)).toEqual([
    [1, 0, 40],
    [2, 81, undefined],
  ])
  expect(ranges((await certify(1, 0, ROOT)) + (await revoke(1, 80, ROOT)) + (await rotate(1, 5, 40)), byRoot)).toBe('key_unknown')
})

test('R117: a key that the root certified itself survives the revocation of the one before', async () => {
  const history = CHAIN + (await certify(2, 100, ROOT)) + (await revoke(1, 70, ROOT))
  expect(ranges(history, byRoot)).toEqual([
    [1, 0, 70],
    [2, 101, 250],
    [3, 251, undefined],
  ])
})

test('no text makes the reader of histories throw, and a statement reads back', () => {
  const statement = { act: 'rotate' as const, origin: ORIGIN, key: key(1), next: key(2), size: 7 }
  expect(parseKeyStatement(formatKeyStatement(statement))).toEqual(statement)
  const parts = fc.array(
    fc.constantFrom('sallyport/log-keys/v1\n', 'certify\n', `${ORIGIN}\n`, '\n', '7\n', R12, '\u2014 a AAAAAAA=\n'),
    { maxLength: 8 },
  )
  fc.assert(fc.property(parts, (text) => void deriveLogKeys(text.join(''), byRoot)))
})
