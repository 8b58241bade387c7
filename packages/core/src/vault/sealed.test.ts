import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openBytes, SEAL_RANDOM_BYTES, sealBytes, SEALED_HEAD_BYTES, type Aead } from './sealed.ts'

const aead: Aead = {
  seal(key, nonce, { plain, aad }) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad)
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  },
  open(key, nonce, { sealed, aad }) {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(aad).setAuthTag(sealed.subarray(-16))
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
    } catch {
      return undefined
    }
  },
}
const key = randomBytes(32)
const binding = ['tenant', 'slot', 'phi', '2026-11', 'c1']
const plain = Buffer.from('blood group AB')
const sealed = (): Uint8Array => sealBytes(plain, { key, binding, random: randomBytes(SEAL_RANDOM_BYTES), aead })

describe('sealed bytes', () => {
  test('R233: what is sealed opens again, whatever it is, and never looks the same twice', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        const once = sealBytes(bytes, { key, binding, random: randomBytes(SEAL_RANDOM_BYTES), aead })
        expect(Buffer.from(openBytes(once, { key, binding, aead }) ?? 'x')).toEqual(Buffer.from(bytes))
      }),
    )
    expect(sealed()).not.toEqual(sealed())
  })

  test('R235: it opens under no other key and bound to nothing else', () => {
    expect(openBytes(sealed(), { key: randomBytes(32), binding, aead })).toBeUndefined()
    for (const [i] of binding.entries())
      expect(openBytes(sealed(), { key, binding: binding.with(i, 'other'), aead })).toBeUndefined()
    expect(openBytes(sealed(), { key, binding: binding.slice(1), aead })).toBeUndefined()
    expect(openBytes(sealed(), { key, binding: ['tenant,slot', ...binding.slice(2)], aead })).toBeUndefined()
  })

  test('no byte of it can be changed, and none left out', () => {
    const whole = sealed()
    for (let i = 0; i < whole.length; i++) {
      const changed = whole.with(i, (whole[i] ?? 0) ^ 1)
      expect(openBytes(changed, { key, binding, aead })).toBeUndefined()
      expect(openBytes(whole.subarray(0, i), { key, binding, aead })).toBeUndefined()
    }
  })

  test('the key commitment decides before the cipher is asked', () => {
    const asked: unknown[] = []
    const spy: Aead = { ...aead, open: (...args) => (asked.push(args), aead.open(...args)) }
    expect(openBytes(sealed(), { key: randomBytes(32), binding, aead: spy })).toBeUndefined()
    expect(asked).toEqual([])
    expect(sealed().length).toBe(SEALED_HEAD_BYTES + plain.length + 16)
  })

  test('random bytes of another number are a mistake', () => {
    expect(() => sealBytes(plain, { key, binding, random: randomBytes(12), aead })).toThrow(TypeError)
  })
})
