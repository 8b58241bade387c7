import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { utf8 } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Anchor } from '../../anchor.ts'
import { Rfc3161AnchorConfig } from '../../config-anchors.ts'
import { tempFolder } from '../../fixtures/world.ts'
import { startTsa, type Tsa, type TsaOptions } from './fixtures/openssl-tsa.ts'
import { openRfc3161Anchor } from './index.ts'
import { verifyTimestamp } from './token.ts'

const NOTE = 'sallyport.local/test\n600\nAAAA\n\n— sallyport.local/test AAAA\n'
const TARGET = { note: NOTE, head: { size: 600, rootHex: '' }, files: () => undefined, since: 0 }

// Making keys takes long on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

let folder: ReturnType<typeof tempFolder>
const closing: { close(): Promise<void> }[] = []
beforeEach(() => {
  folder = tempFolder()
})
afterEach(async () => {
  for (const one of closing.splice(0)) await one.close()
  folder.remove()
})

async function tsa(options?: TsaOptions): Promise<Tsa> {
  const started = await startTsa(options)
  closing.push(started)
  return started
}
function anchorAt(authority: Pick<Tsa, 'url' | 'roots'>, random: (count: number) => Uint8Array = randomBytes): Anchor {
  const config = Rfc3161AnchorConfig.parse({ type: 'rfc3161', url: authority.url, roots: 'roots.pem' })
  const anchor = openRfc3161Anchor(config, { dir: join(folder.path, 'stamps'), roots: authority.roots, randomBytes: random })
  closing.unshift(anchor)
  return anchor
}
const stored = (name: string): Buffer => readFileSync(join(folder.path, 'stamps', name))

test.each([
  ['rsa', 'sha256'],
  ['ecdsa', 'sha256'],
  ['rsa', 'sha1'],
  ['ecdsa', 'sha384'],
] as const)(
  'R117: an authority with an %s key, named by %s, stamps a checkpoint; openssl and we agree that it did',
  async (key, essHash) => {
    const authority = await tsa({ key, essHash })
    await anchorAt(authority).anchor(TARGET)
    expect(readdirSync(join(folder.path, 'stamps')).toSorted()).toEqual(['0000000000000600.checkpoint', '0000000000000600.tsr'])
    const answer = stored('0000000000000600.tsr')
    authority.verify(answer, utf8(NOTE))
    const result = await verifyTimestamp(answer, utf8(NOTE), authority)
    expect(result).toMatchObject({ ok: true, authority: 'CN=Test TSA' })
    expect(result.ok && Math.abs(result.timeMs - Date.now())).toBeLessThan(60_000)
  },
)

test.each([[0], [0, 0, 0x90], [0x80], [0, 0, 0, 0, 0, 0, 0, 0], [0x7f]])(
  'R117: a nonce that begins with the bytes %j is a number every authority reads',
  async (...start) => {
    const nonce = Uint8Array.from({ length: 8 }, (_, i) => start[i] ?? 0x11)
    await anchorAt(await tsa(), () => nonce).anchor(TARGET)
  },
)

test('R117: a checkpoint is stamped once', async () => {
  const authority = await tsa()
  const anchor = anchorAt(authority)
  await anchor.anchor(TARGET)
  await anchor.anchor(TARGET)
  expect(authority.requests).toHaveLength(1)
})

test('R117: a stamp is worth nothing over another checkpoint, or under another root', async () => {
  const authority = await tsa()
  await anchorAt(authority).anchor(TARGET)
  const answer = stored('0000000000000600.tsr')
  expect(await verifyTimestamp(answer, utf8(NOTE.replace('600', '601')), authority)).toEqual({ ok: false, fault: 'imprint_wrong' })
  const other = await tsa()
  expect(await verifyTimestamp(answer, utf8(NOTE), other)).toEqual({ ok: false, fault: 'chain_wrong' })
  expect(await verifyTimestamp(answer, utf8(NOTE), { roots: authority.roots, nonce: new Uint8Array(8).fill(5) })).toEqual({
    ok: false,
    fault: 'nonce_wrong',
  })
})

test('R117: no byte of a stamp can be changed, and no part be missing', async () => {
  const authority = await tsa({ key: 'ecdsa' })
  await anchorAt(authority).anchor(TARGET)
  const answer = stored('0000000000000600.tsr')
  for (let end = 0; end < answer.length; end += 97)
    expect((await verifyTimestamp(answer.subarray(0, end), utf8(NOTE), authority)).ok).toBe(false)
  expect((await verifyTimestamp(Buffer.concat([answer, Buffer.alloc(1)]), utf8(NOTE), authority)).ok).toBe(false)
  let caught = 0
  for (let at = 0; at < answer.length; at += 7) {
    const changed = Buffer.from(answer)
    changed[at] = (changed[at] ?? 0) ^ 1
    const result = await verifyTimestamp(changed, utf8(NOTE), authority)
    if (!result.ok) caught++
    // What can change without harm is what nothing signs: the status text, and the certificates' copies beside the signer's.
    else expect(result.authority).toBe('CN=Test TSA')
  }
  expect(caught).toBeGreaterThan(answer.length / 7 / 2)
})

describe('R117: an authority whose answer is not good enough is refused', () => {
  test.each<[string, TsaOptions, string]>([
    ['a certificate that ended', { isExpired: true }, 'chain_wrong'],
    ['a certificate for other things', { resignAs: 'critical,codeSigning' }, 'usage_wrong'],
    ['a certificate for time stamps among others', { resignAs: 'critical,timeStamping,codeSigning' }, 'usage_wrong'],
    ['a certificate whose usage is not critical', { resignAs: 'timeStamping' }, 'usage_wrong'],
    ['a signature that does not name its certificate', { resignAs: 'critical,timeStamping', isUnnamed: true }, 'signer_unknown'],
    ['an answer cut short', { change: (answer) => answer.subarray(0, -20) }, 'malformed'],
    ['no DER', { change: () => Buffer.from('hello') }, 'malformed'],
  ])('%s', async (_, options, fault) => {
    const error = await anchorAt(await tsa(options))
      .anchor(TARGET)
      .then(
        () => undefined,
        (cause: Error) => cause,
      )
    expect(error).toMatchObject({ code: 'UPSTREAM_MALFORMED', message: expect.stringContaining(fault) })
  })

  test('the same with a good certificate is taken, so that the rows above fail for what they say', async () => {
    await anchorAt(await tsa({ resignAs: 'critical,timeStamping' })).anchor(TARGET)
  })

  test('an answer to another request', async () => {
    let first: Buffer | undefined
    const anchor = anchorAt(await tsa({ change: (answer) => (first ??= answer) }))
    await anchor.anchor(TARGET)
    const second = { ...TARGET, head: { size: 700, rootHex: '' } }
    await expect(anchor.anchor(second)).rejects.toMatchObject({ message: expect.stringContaining('nonce_wrong') })
    await expect(anchor.anchor({ ...second, note: NOTE.replace('600', '700') })).rejects.toMatchObject({
      message: expect.stringContaining('imprint_wrong'),
    })
  })

  test('an answer that is too large', async () => {
    await expect(anchorAt(await tsa({ change: () => Buffer.alloc(100_000) })).anchor(TARGET)).rejects.toMatchObject({
      code: 'UPSTREAM_TOO_LARGE',
    })
  })
})
