import { describe, expect, test } from 'vitest'
import { attacks, benign } from './fixtures/attacks.ts'
import { encodedInstructions } from './index.ts'

const severities = (text: string) =>
  encodedInstructions
    .detect(text, { channel: 'document', path: '', field: '', view: 'text', otherTools: [] })
    .map(({ severity }) => severity)

describe('R055: a request to decode something and obey it is found', () => {
  test.each(attacks)('%s', (text) => expect(severities(text)).toSatisfy(isSuspicious))
  test('there are at least 100', () => expect(new Set(attacks).size).toBeGreaterThanOrEqual(100))
})
describe('R055: decoding alone is no finding', () => {
  test.each(benign)('%s', (text) => expect(severities(text)).not.toSatisfy(isSuspicious))
})

function isSuspicious(found: readonly string[]): boolean {
  return found.includes('medium') || found.includes('high')
}
