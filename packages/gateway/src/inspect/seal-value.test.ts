import {
  applyEdits,
  findPlaceholders,
  redactions,
  restorations,
  SEALED_CHARS_MAX,
  SEALED_CHARS_MIN,
  SEALED_VALUE_CHARS_MAX,
} from '@sallyport/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openSealer } from './seal-value.ts'

const key = new Uint8Array(32).map((_, i) => (i * 7 + 3) & 255)
const owner = { agent: 'assistant', session: 's-1' }
const sealer = openSealer(key, owner)
const CARD = '4111111111111111'
const card = { value: CARD, classes: ['pci'], isNumber: false }
const anyContent = fc.record({
  value: fc.string({ unit: 'grapheme', maxLength: 60 }).filter((text) => text.length > 0 && text.isWellFormed()),
  classes: fc.uniqueArray(fc.constantFrom('pci', 'pii', 'secret', 'project-x'), { minLength: 1 }),
  isNumber: fc.boolean(),
})

describe('openSealer', () => {
  test('R212: what is sealed opens, on any replica, and shows nothing of itself', () => {
    fc.assert(
      fc.property(anyContent, (content) => {
        const sealed = sealer.seal(content, 'email') ?? ''
        expect(sealed).toMatch(/^[A-Za-z0-9_-]+$/)
        expect(sealed.length >= SEALED_CHARS_MIN && sealed.length <= SEALED_CHARS_MAX).toBe(true)
        expect(openSealer(key, owner).open(sealed, 'email')).toEqual(content)
      }),
    )
    expect(Buffer.from(sealer.seal(card, 'payment_card') ?? '', 'base64url').includes(CARD)).toBe(false)
  })
  test('equal values of a session look alike, different ones and other sessions do not', () => {
    const sealed = sealer.seal(card, 'payment_card')
    expect(openSealer(key, owner).seal(card, 'payment_card')).toBe(sealed)
    const others = [
      sealer.seal({ ...card, value: '4111111111111112' }, 'payment_card'),
      sealer.seal({ ...card, isNumber: true }, 'payment_card'),
      sealer.seal({ ...card, classes: ['pii'] }, 'payment_card'),
      sealer.seal(card, 'number'),
      openSealer(key, { ...owner, session: 's-2' }).seal(card, 'payment_card'),
      openSealer(key, { ...owner, agent: 'other' }).seal(card, 'payment_card'),
      openSealer(new Uint8Array(32), owner).seal(card, 'payment_card'),
    ]
    expect(new Set([sealed, ...others]).size).toBe(others.length + 1)
    // No nonce under two messages of one key: the first 96 bits differ wherever anything does.
    expect(new Set([sealed, ...others].map((each) => each?.slice(0, 16))).size).toBe(others.length + 1)
  })
  test.each([
    ['another session', openSealer(key, { ...owner, session: 's-2' }), 'payment_card'],
    ['another agent', openSealer(key, { ...owner, agent: 'other' }), 'payment_card'],
    ['names that join to the same text', openSealer(key, { agent: 'assistan', session: 'ts-1' }), 'payment_card'],
    ['another key', openSealer(new Uint8Array(32), owner), 'payment_card'],
    ['another type', sealer, 'email'],
  ])('R212: %s does not open it', (_, other, type) => {
    expect(other.open(sealer.seal(card, 'payment_card') ?? '', type)).toBe(undefined)
  })
  test('damaged, cut off or made up: not opened, and no error', () => {
    const sealed = sealer.seal(card, 'payment_card') ?? ''
    const bytes = Buffer.from(sealed, 'base64url')
    for (let i = 0; i < bytes.length; i++) {
      const damaged = Buffer.from(bytes)
      damaged[i] = (damaged[i] ?? 0) ^ 1
      expect(sealer.open(damaged.toString('base64url'), 'payment_card')).toBe(undefined)
      expect(sealer.open(bytes.subarray(0, i).toString('base64url'), 'payment_card')).toBe(undefined)
    }
    fc.assert(fc.property(fc.string(), (text) => sealer.open(text, 'payment_card') === undefined))
  })
  test('what cannot come back exactly is not sealed', () => {
    expect(sealer.seal({ ...card, value: 'a\ud83d' }, 'a')).toBe(undefined)
    expect(sealer.seal({ ...card, classes: ['a,b'] }, 'a')).toBe(undefined)
    expect(sealer.seal({ ...card, value: 'x'.repeat(2_000) }, 'a')).toBe(undefined)
    const longest = { ...card, value: '漢'.repeat(SEALED_VALUE_CHARS_MAX), classes: ['confidential', 'secret'] }
    expect(sealer.open(sealer.seal(longest, 'a') ?? '', 'a')).toEqual(longest)
  })
  test('a key of another length is refused', () => expect(() => openSealer(new Uint8Array(16), owner)).toThrow(TypeError))
})

describe('R212: through a model and back', () => {
  const arrived = { note: `charge ${CARD} now`, card: Number(CARD) }
  const seen = [
    { at: ['note'], start: 7, end: 23, type: 'payment_card', class: 'pci' },
    { at: ['card'], start: 0, end: 16, type: 'payment_card', class: 'pci' },
  ]
  const shown = applyEdits(arrived, redactions(arrived, seen, sealer)) as { note: string; card: string }
  const restore = (value: string | typeof shown, sink: string, by = sealer) =>
    applyEdits(value, restorations(value, (_, dataClass) => sink === 'payments' && dataClass === 'pci', by).edits)

  test('the model sees the type and no value, and can tell that both are the same card', () => {
    expect(JSON.stringify(shown)).not.toContain(CARD)
    const [first, second] = [...findPlaceholders(shown.note), ...findPlaceholders(shown.card)]
    expect(first?.type).toBe('payment_card')
    expect(sealer.open(first?.sealed ?? '', 'payment_card')?.value).toBe(sealer.open(second?.sealed ?? '', 'payment_card')?.value)
  })
  test('a cleared sink gets the values', () => expect(restore(shown, 'payments')).toEqual(arrived))
  test('a sink that is not cleared gets the placeholders', () => expect(restore(shown, 'mail')).toBe(shown))
  test('another session gets the placeholders, wherever it found them', () => {
    const foreign = openSealer(key, { ...owner, session: 's-2' })
    expect(restore(shown, 'payments', foreign)).toBe(shown)
  })
  test('Markdown and line wraps of a model come back too', () => {
    const wrapped = shown.note.replaceAll(/[[\]_]/g, '\\$&').replaceAll(/.{60}/g, '$&\n')
    expect(restore(wrapped, 'payments')).toBe(arrived.note)
  })
})
