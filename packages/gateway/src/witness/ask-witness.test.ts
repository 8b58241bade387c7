import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import {
  cosign,
  formatNote,
  parseAddCheckpoint,
  parseNote,
  judgeCheckpoint,
  type NoteSignature,
  type TreeHead,
} from '@sallyport/core'
import { expect, test } from 'vitest'
import { entriesOf, KEY, makeLog } from '../../../core/src/record/fixtures/memory-log.ts'
import { fromUtf8 } from '../../../core/src/record/text.ts'
import { rawPublicKey } from '../ed25519.ts'
import { askWitness, type Asked, type PostCheckpoint } from './ask-witness.ts'

const SIZE = 600
const FILES = await makeLog(entriesOf(SIZE))
const NOTE = fromUtf8(FILES.get('checkpoint') ?? new Uint8Array()) ?? ''
const secret = generateKeyPairSync('ed25519').privateKey
const key = { name: 'witness.example/w1', publicKey: rawPublicKey(secret) }
const line = (privateKey: KeyObject, name: string = key.name): Promise<NoteSignature> =>
  cosign(
    parseNote(NOTE)?.text ?? '',
    { name, publicKey: rawPublicKey(privateKey) },
    { timeS: 1_800_000_000, sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)) },
  )
const asText = (...signatures: NoteSignature[]): string => formatNote({ text: '', signatures }).slice(1)
const ask = (post: PostCheckpoint, more: Partial<Asked> = {}) =>
  askWitness({
    key,
    post,
    files: (path) => FILES.get(path),
    head: { note: NOTE, size: SIZE },
    lastSize: 0,
    size: () => Promise.resolve(SIZE),
    ...more,
  })

/** A witness that follows the specification, from what it has seen. */
function honest(seen: TreeHead | undefined): PostCheckpoint {
  let latest = seen
  return async (body) => {
    const request = parseAddCheckpoint(body)
    const verdict = request && judgeCheckpoint(request, { keys: [KEY], ...(latest && { latest }) })
    if (!verdict?.ok) return verdict?.size === undefined ? { status: 422, text: '' } : { status: 409, text: `${verdict.size}\n` }
    latest = verdict.head
    return { status: 200, text: asText(await line(secret)) }
  }
}

test('R117: what a witness cosigned is kept with the log’s signature and its own', async () => {
  const word = await ask(honest(undefined))
  expect(word.state === 'cosigned' && parseNote(word.note)?.signatures.map(({ name }) => name)).toEqual([KEY.name, key.name])
})

test('R117: a witness that saw another size is asked again from there', async () => {
  const first = honest(undefined)
  expect((await ask(first)).state).toBe('cosigned')
  expect((await ask(first, { lastSize: 300 })).state).toBe('cosigned')
  expect((await ask(first, { lastSize: SIZE + 1 })).state).toBe('cosigned')
})

test('R117: a witness that saw more than the log holds, or another tree, contradicts it', async () => {
  const larger = { size: SIZE + 1, root: new Uint8Array(32) }
  expect(await ask(honest(larger))).toEqual({ state: 'contradicted', reason: 'rolled_back', witnessSize: SIZE + 1 })
  expect(await ask(honest(larger), { size: () => Promise.resolve(SIZE + 5) })).toEqual({ state: 'behind' })
  const other = { size: SIZE, root: new Uint8Array(32) }
  expect(await ask(honest(other))).toEqual({ state: 'contradicted', reason: 'forked', witnessSize: SIZE })
  expect(await ask(honest({ size: 300, root: new Uint8Array(32) }))).toMatchObject({ state: 'contradicted', reason: 'forked' })
})

const stranger = generateKeyPairSync('ed25519').privateKey
const foreign = await line(stranger, 'witness.example/other')
const forged = { ...(await line(secret)), signature: (await line(stranger)).signature }
test.each<[string, { status: number; text: string }]>([
  ['an empty answer', { status: 200, text: '' }],
  ['the line of another witness only', { status: 200, text: asText(foreign) }],
  ['a line under its name that is not its own', { status: 200, text: asText(forged) }],
  ['something that is no line', { status: 200, text: '<html>' }],
  ['a conflict without a size', { status: 409, text: 'conflict' }],
  ['a conflict with a size no log has', { status: 409, text: '99999999999999999999' }],
  ['an error', { status: 500, text: '' }],
  ['a redirect', { status: 302, text: '' }],
  ['that it does not know the log', { status: 404, text: '' }],
])('R117: a witness that answers %s gave no cosignature', async (_, answer) => {
  expect((await ask(() => Promise.resolve(answer))).state).toBe('failed')
})

test('R117: a witness that names another size each time is not followed for ever', async () => {
  let asked = 0
  expect(await ask(() => Promise.resolve({ status: 409, text: `${++asked}\n` }))).toEqual({ state: 'behind' })
  expect(asked).toBe(2)
})
