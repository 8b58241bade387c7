import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex, utf8 } from '../model/bytes.ts'
import { entriesOf, KEY, makeLog, ORIGIN } from './fixtures/memory-log.ts'
import { formatProof, parseProof, proveEntry, verifyProof } from './proof.ts'

const TRUSTED = { origin: ORIGIN, keys: [KEY] }
const SIZE = 600
const ENTRIES = entriesOf(SIZE)
const files = await makeLog(ENTRIES, 550)
const read = (path: string): Uint8Array | undefined => files.get(path)

test.each([0, 1, 255, 256, 511, 512, 549])(
  'R116 R117: the proof of entry %i verifies offline after a trip through its file',
  async (index) => {
    const proof = parseProof(formatProof(await proveEntry(read, index)))
    if (!proof) throw new Error('the proof does not parse')
    expect(toHex(proof.entry)).toBe(toHex(ENTRIES[index] ?? new Uint8Array()))
    expect(verifyProof(proof, TRUSTED)).toMatchObject({ ok: true, entry: { index }, checkpoint: { size: 550 } })
  },
)

test('R116: an entry that no checkpoint covers has no proof yet', async () => {
  await expect(proveEntry(read, 550)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(proveEntry(read, -1)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('R116: a log without checkpoint or tiles gives AUDIT_INVALID, not a proof', async () => {
  await expect(proveEntry(() => undefined, 0)).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
  const headOnly = (path: string): Uint8Array | undefined =>
    path === 'checkpoint' || path.startsWith('tile/entries') ? files.get(path) : undefined
  await expect(proveEntry(headOnly, 3)).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
})

test('R117: a proof with any changed part, or under a key that is not trusted, fails', async () => {
  const proof = await proveEntry(read, 300)
  const stranger = { name: ORIGIN, publicKey: ed25519.getPublicKey(new Uint8Array(32).fill(5)) }
  expect(verifyProof(proof, { ...TRUSTED, keys: [stranger] }).ok).toBe(false)
  expect(verifyProof({ ...proof, index: 301 }, TRUSTED).ok).toBe(false)
  expect(verifyProof({ ...proof, hashes: proof.hashes.slice(1) }, TRUSTED).ok).toBe(false)
  expect(verifyProof({ ...proof, entry: ENTRIES[301] ?? proof.entry }, TRUSTED).ok).toBe(false)
  expect(verifyProof({ ...proof, checkpoint: proof.checkpoint.replace('\n550\n', '\n551\n') }, TRUSTED).ok).toBe(false)
})

test('R117: a proof of a leaf that is not a valid entry of that index fails, though the tree holds it', async () => {
  const odd = await makeLog([...ENTRIES.slice(0, 5), utf8('{"v":1}'), ENTRIES[3] ?? new Uint8Array()])
  const oddRead = (path: string): Uint8Array | undefined => odd.get(path)
  expect(verifyProof(await proveEntry(oddRead, 5), TRUSTED)).toEqual({
    ok: false,
    fault: 'entry: does not fit the schema of entries',
  })
  expect(verifyProof(await proveEntry(oddRead, 6), TRUSTED)).toEqual({ ok: false, fault: 'entry: carries another index' })
})

test('R117: changing any line of a proof file breaks it, and no text makes the parser throw', async () => {
  const text = formatProof(await proveEntry(read, 42))
  const lines = text.split('\n')
  const isOk = (changed: string): boolean => {
    const proof = parseProof(changed)
    return proof !== undefined && verifyProof(proof, TRUSTED).ok
  }
  expect(isOk(text)).toBe(true)
  for (let i = 0; i < lines.length - 1; i++) expect(isOk(lines.toSpliced(i, 1, `x${lines[i] ?? ''}`).join('\n'))).toBe(false)
  fc.assert(
    fc.property(fc.string(), fc.nat(text.length), (noise, at) => void parseProof(`${text.slice(0, at)}${noise}${text.slice(at)}`)),
    { numRuns: 1_000 },
  )
})
