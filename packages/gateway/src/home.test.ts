import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tempFolder } from './fixtures/world.ts'
import { DERIVED_KEYS, openHome } from './home.ts'
import { readSecret } from './secret-file.ts'

let folder: ReturnType<typeof tempFolder>
let dir: string
beforeEach(() => {
  folder = tempFolder()
  dir = join(folder.path, 'home')
})
afterEach(() => folder.remove())

const insecure = (words: string | RegExp) =>
  expect.objectContaining({ code: 'CONFIG_INSECURE', message: expect.stringMatching(words) })
const mode = (path: string) => statSync(path).mode & 0o777

describe('openHome', () => {
  test('R016: makes a private home with random secrets, and opens it again unchanged', () => {
    const home = openHome(dir, { create: true })
    for (const place of ['.', 'keys', 'manifests', 'users', 'log']) expect(mode(join(dir, place))).toBe(0o700)
    for (const secret of ['gateway.key', 'audit.key']) expect(mode(join(dir, 'keys', secret))).toBe(0o600)
    const again = openHome(dir, { create: false })
    expect(again.deriveKey('session')).toEqual(home.deriveKey('session'))
    expect(again.auditOrigin).toBe(home.auditOrigin)
    expect(new Set(DERIVED_KEYS.map((name) => Buffer.from(home.deriveKey(name)).toString('hex'))).size).toBe(DERIVED_KEYS.length)
  })

  test('a folder that is not there is not made without being asked', () => {
    expect(() => openHome(dir, { create: false })).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    expect(lstatSync(dir, { throwIfNoEntry: false })).toBeUndefined()
  })

  test.each(['keys/gateway.key', 'keys/audit.key'])('refuses %s that others can read, and says what to run', (secret) => {
    openHome(dir, { create: true })
    for (const bits of [0o640, 0o604, 0o660]) {
      chmodSync(join(dir, secret), bits)
      expect(() => openHome(dir, { create: false })).toThrowError(insecure(`chmod 600 .*${secret}`))
    }
  })

  test('refuses a home folder others can enter', () => {
    openHome(dir, { create: true })
    chmodSync(join(dir, 'keys'), 0o750)
    expect(() => openHome(dir, { create: true })).toThrowError(insecure(/chmod 700 .*keys/))
  })

  test.each([
    ['zeros', '00'.repeat(32)],
    ['a repeated pattern', '0123456789abcdef'.repeat(4)],
    ['a counter', Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0')).join('')],
    ['words', Buffer.from('correct horse battery staple 123').toString('hex')],
    ['too short', 'ab'.repeat(16)],
    ['not hex', 'changeme'],
    ['empty', ''],
  ])('refuses a chosen master key: %s', (_, text) => {
    openHome(dir, { create: true })
    rmSync(join(dir, 'keys', 'gateway.key'))
    writeFileSync(join(dir, 'keys', 'gateway.key'), text, { mode: 0o600 })
    expect(() => openHome(dir, { create: true })).toThrowError(insecure('openssl rand -hex 32'))
  })

  test('refuses a secret behind a symbolic link, and never overwrites one', () => {
    openHome(dir, { create: true })
    const key = join(dir, 'keys', 'gateway.key')
    const before = readFileSync(key, 'utf8')
    openHome(dir, { create: true })
    expect(readFileSync(key, 'utf8')).toBe(before)
    rmSync(key)
    writeFileSync(join(dir, 'elsewhere'), before, { mode: 0o600 })
    symlinkSync(join(dir, 'elsewhere'), key)
    expect(() => readSecret(key)).toThrowError(insecure('regular file'))
  })

  test.runIf(process.getuid?.() === 0)('refuses a home that belongs to another account', async () => {
    mkdirSync(dir, { mode: 0o700 })
    const { chownSync } = await import('node:fs')
    chownSync(dir, 12_345, 12_345)
    expect(() => openHome(dir, { create: true })).toThrowError(insecure('belongs to another account'))
  })
})
