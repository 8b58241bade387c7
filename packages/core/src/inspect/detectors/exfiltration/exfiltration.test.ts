import { describe, expect, test } from 'vitest'
import { detectorContract } from '../../detectors.contract.ts'
import { ALLOWED_HOSTS, attempts } from './fixtures/attempts.ts'
import { exfiltrationDetector } from './index.ts'

const detector = exfiltrationDetector({ allowedHosts: ALLOWED_HOSTS })
const see = (text: string, channel: Parameters<typeof detector.detect>[1]['channel'] = 'output') =>
  detector.detect(text, { channel, path: '', field: '', view: 'text', otherTools: [] })
const grave = ({ severity }: { severity: string }) => severity === 'high' || severity === 'medium'

describe('R076, R078: an attempt is found and its way is named', () => {
  test.each(attempts.map((attempt) => [attempt.name, attempt] as const))('%s', (_, { attack, code, channel }) => {
    const seen = see(attack, channel).filter(grave)
    expect(seen.map((sighting) => sighting.code)).toContain(code)
  })
  test('there are at least 120', () => expect(attempts.length).toBeGreaterThanOrEqual(120))
})

describe('R076: its benign twin passes', () => {
  test.each(attempts.map((attempt) => [attempt.name, attempt] as const))('%s', (_, { twin, channel }) => {
    expect(see(twin, channel).filter(grave)).toEqual([])
  })
})

describe('severity', () => {
  const image = '![a](https://pics.partner.net/a.png)'
  test('R079: a link to a foreign host is low, a picture high, on the way out', () => {
    expect(see('[a](https://www.partner.net/a)')).toMatchObject([{ code: 'foreign_host', severity: 'low' }])
    expect(see(image)).toMatchObject([{ code: 'markdown_image', severity: 'high' }])
  })
  test('on the way in a picture is low, a plain link nothing', () => {
    expect(see(image, 'email')).toMatchObject([{ severity: 'low' }])
    expect(see('[a](https://www.partner.net/a)', 'web')).toEqual([])
  })
  test('plain links do not crowd out what is grave', () => {
    const text = `${'https://www.partner.net/a '.repeat(1_000)}${image}`
    expect(see(text)[0]).toMatchObject({ code: 'markdown_image', severity: 'high' })
    expect(see(text).length).toBeLessThanOrEqual(20)
  })
})

describe('places', () => {
  const at = (text: string) => see(text).map(({ start, end }) => text.slice(start, end))
  test('of a picture the whole, of a link the address', () => {
    expect(at('a ![b](https://x.net/c "d") e')).toEqual(['![b](https://x.net/c "d")'])
    expect(at('a <img src="https://x.net/c"> e')).toEqual(['<img src="https://x.net/c">'])
    expect(at('a [b](https://x.net/c) e')).toEqual(['https://x.net/c'])
    expect(at('see https://x.net/c.')).toEqual(['https://x.net/c'])
  })
  test('an address in an attribute is told once', () => expect(at('<a href="https://x.net/c">').length).toBe(1))
})

test('a pattern that is none is refused', () => {
  for (const pattern of ['https://example.com', '*', '*.', 'a b', '*.*.com', 'example.com/x', 'exa*mple.com'])
    expect(() => exfiltrationDetector({ allowedHosts: [pattern] }), pattern).toThrow()
})

describe('hostile text is read to its end', () => {
  // Nothing is timed: what is not linear here takes hours.
  test.each([
    '](',
    '[',
    ']',
    '![',
    '![a](',
    '[a]: https://a.b/ \n',
    '![a][b]',
    '<a ',
    '<a b="',
    `<a b='<a b="`,
    '<img src=',
    '<img src=x ',
    'url(',
    'url("',
    "url('",
    '@import ',
    'https://',
    'https://a@',
    'http:',
    'mailto:',
    'www.',
    'www.a',
    'a1b2c3d4.',
    '%41',
    '%',
    'QUJD',
    '\u200b',
    '\u200ba',
    '\u{e0041}',
    '&#x41;',
    'data:',
    '<meta http-equiv=refresh content="',
    '(((',
    '![a](https://a.b/?d={x}) ',
  ])('%j', (unit) => {
    expect(Array.isArray(see(unit.repeat(Math.ceil(1_048_576 / unit.length))))).toBe(true)
  })
})

detectorContract(detector)
