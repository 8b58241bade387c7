import { generateKeyPairSync } from 'node:crypto'
import { formatNoteKey } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { WitnessesConfig } from './config-witness.ts'
import { Config } from './config.ts'
import { rawPublicKey } from './ed25519.ts'

const keyOf = (name: string, publicKey: Uint8Array = rawPublicKey(generateKeyPairSync('ed25519').publicKey)): string =>
  formatNoteKey({ name, publicKey }, 'cosignature')
const one = { name: 'w1', key: keyOf('witness.example/w1'), url: 'https://witness.example' }
const two = { name: 'w2', key: keyOf('witness.example/w2'), url: 'https://witness.example/two' }
const publicKey = rawPublicKey(generateKeyPairSync('ed25519').publicKey)

describe('R117: the configuration of witnesses', () => {
  test('is empty by default, and then asks for nothing', () => {
    expect(WitnessesConfig.parse({})).toEqual({ policy: { atLeast: 1 }, list: [], stopActs: 'never', graceMs: 60_000 })
  })

  test('takes a policy that its witnesses can meet', () => {
    expect(WitnessesConfig.parse({ policy: { atLeast: 2 }, list: [one, two] }).list).toHaveLength(2)
  })

  test.each([
    ['a policy nobody can meet', { policy: { atLeast: 2 }, list: [one] }, 'fewer witnesses'],
    ['a name twice', { list: [one, { ...two, name: 'w1' }] }, 'names a witness twice'],
    [
      'one key under two names',
      {
        list: [
          { ...one, key: keyOf('a', publicKey) },
          { ...two, key: keyOf('b', publicKey) },
        ],
      },
      'holds a key twice',
    ],
    ['the key of a log', { list: [{ ...one, key: formatNoteKey({ name: 'log', publicKey }) }] }, 'public key of a witness'],
    ['a grace below a second', { graceMs: 999 }, 'graceMs'],
    ['an unknown word for acts', { stopActs: 'all' }, 'stopActs'],
    ['an address of another kind', { list: [{ ...one, url: 'ftp://witness.example' }] }, 'url'],
    ['an unknown key', { quorum: 1 }, 'quorum'],
  ])('refuses %s', (_, input, message) => {
    const parsed = WitnessesConfig.safeParse(input)
    expect(JSON.stringify(parsed.error?.issues)).toContain(message)
  })
})

test('R135: no configuration makes a checkpoint wait longer than a second', () => {
  const parse = (checkpointMs: number) => Config.safeParse({ apiVersion: 'sallyport/v1', checkpointMs }).success
  expect([parse(1_000), parse(1_001)]).toEqual([true, false])
})
