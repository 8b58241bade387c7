import { GatewayError } from '@sallyport/core'
import { afterEach, expect, test, vi } from 'vitest'
import { stderrLog } from './operator-log.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

test('R013: the operator reads by which code a cause failed, and nothing of what the cause held', () => {
  const lines: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0)
  const refused = Object.assign(new Error('password authentication failed for user "planted"'), { code: '28P01' })
  const unread = new GatewayError('STORE_UNAVAILABLE', 'damaged', { cause: new SyntaxError('"planted" is not valid JSON') })
  const log = stderrLog(() => 0)
  log('cannot start', new GatewayError('STORE_UNAVAILABLE', 'the database cannot be used', { cause: refused }))
  log('cannot go on', new GatewayError('AUDIT_UNAVAILABLE', 'not written', { cause: unread }))
  expect(lines[0]).toContain('cannot start: GatewayError: the database cannot be used')
  expect(lines[0]).toContain('(28P01)')
  expect(lines[1]).toContain('(STORE_UNAVAILABLE, SyntaxError)')
  expect(lines.join('')).not.toContain('planted')
})

test('R013: a code that is no code, and a circle of causes, are no trouble', () => {
  const lines: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0)
  const strange = Object.assign(new Error('a'), { code: 'planted text' })
  strange.cause = strange
  stderrLog(() => 0)('failed', new Error('b', { cause: strange }))
  expect(lines.join('')).not.toContain('planted')
})
