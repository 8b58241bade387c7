import { describe, expect, test } from 'vitest'
import { found } from './fixtures/found.ts'
import { harmless } from './fixtures/harmless.ts'
import { BASE32, HEX, invented, jwt } from './fixtures/invented.ts'
import { secrets } from './index.ts'

const at = { channel: 'output', path: '', field: '', view: 'text', otherTools: [] } as const
const see = (text: string, place: Partial<Parameters<typeof secrets.detect>[1]> = {}) => secrets.detect(text, { ...at, ...place })

describe('R075: secrets are found, whole, with class and severity', () => {
  test.each(found.map(([code, severity, around, key], row) => [`${code} ${row}`, code, severity, around, key] as const))(
    '%s',
    (_, code, severity, around, key) => {
      const mark = around.indexOf('@')
      const text = `${around.slice(0, mark)}${key}${around.slice(mark + 1)}`
      const seen = see(text).find((sighting) => sighting.code === code)
      expect(seen).toMatchObject({ severity, class: 'secret' })
      expect(text.slice(seen?.start, seen?.end)).toContain(key.trimEnd())
    },
  )
  test('there are at least a hundred', () => expect(found.length).toBeGreaterThanOrEqual(100))
})

describe('R075: what only looks like a secret is not', () => {
  test.each(harmless)('%s', (_, text) => {
    expect(see(text).filter(({ severity }) => severity !== 'low')).toEqual([])
  })
  test('there are at least a hundred', () => expect(harmless.length).toBeGreaterThanOrEqual(100))
})

test('a documented example is low', () => {
  expect(see('AKIAIOSFODNN7EXAMPLE')).toMatchObject([{ code: 'aws_access_key_id', severity: 'low' }])
})
test('the name of the member is context', () => {
  const value = invented(5, 32, HEX)
  expect(see(value, { field: 'apiKey' })).toMatchObject([{ code: 'secret_in_context', start: 0, end: 32 }])
  expect(see(value, { field: 'sha' })).toEqual([])
  expect(see(value, { field: 'apiKey', view: 'rot13' })).toEqual([])
})
test('the name itself is not a value', () => expect(see('password', { field: 'password' })).toEqual([]))
test('several in one text, in order', () => {
  const text = `${invented(1, 3)} AKIA${invented(2, 16, BASE32)} and ${jwt(3)} and https://u:Pq82kdls@h/`
  expect(see(text).map(({ code }) => code)).toEqual(['aws_access_key_id', 'json_web_token', 'url_password'])
})
test('a key with a shape counts as that, also next to a word', () => {
  expect(see(`token: ghp_${invented(9, 36)}`).map(({ code }) => code)).toEqual(['github_token'])
})

describe('hostile text is read to its end', () => {
  // Nothing is timed: what is not linear here takes hours.
  test.each([
    'eyJ',
    'eyJ.',
    'ey',
    'sk-',
    'AKIA',
    '-----BEGIN RSA PRIVATE KEY-----',
    '-----BEGIN RSA PRIVATE KEY-----\nMII',
    '://a:',
    'a://b:c@',
    'password:',
    'password: ',
    'a9=',
    'token=A9',
    ':AA',
    ' is ',
    'A9b',
    'sig=',
    `sk-${'a1'.repeat(60)}!`,
  ])('%j', (unit) => {
    expect(Array.isArray(see(unit.repeat(Math.ceil(1_048_576 / unit.length))))).toBe(true)
  })
})
