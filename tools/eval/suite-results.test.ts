import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { expectedReason, readExpected, staleLines } from './expected-failures.ts'
import { type Outcome, parseScenarios, readOutcomes } from './suite-results.ts'

let dir = ''
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'suite-'))))
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('parseScenarios reads both sides, and why the suite does not score some', () => {
  const text = [
    'Required for 2026-07-28 (3 scenarios, frozen; run at the 2026-07-28 wire):',
    '',
    'Server scenarios (test against a server):',
    '  - tools-list',
    '',
    'Client scenarios (test against a client):',
    '  - tools_call',
    '  - auth/basic-cimd',
    '',
    'Run and reported, but never scored:',
    '  extension (1):',
    '    - tasks-lifecycle [server]',
    '  pending (1):',
    '    - sse-polling [client]',
  ].join('\n')
  expect(parseScenarios(text)).toEqual([
    { name: 'tools-list', side: 'server' },
    { name: 'tools_call', side: 'client' },
    { name: 'auth/basic-cimd', side: 'client' },
    { name: 'tasks-lifecycle', side: 'server', unscored: 'extension' },
    { name: 'sse-polling', side: 'client', unscored: 'pending' },
  ])
})

describe('readOutcomes', () => {
  const outcome = (name: string, checks: readonly object[] | undefined): Outcome | undefined => {
    if (checks) {
      const folder = join(dir, `${name}-2026-11-21T03-45-51-094Z`)
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'checks.json'), JSON.stringify(checks))
    }
    return readOutcomes(dir, [{ name: name.replace(/^server-/, ''), side: 'server' }])[0]
  }
  const ok = { id: 'a', status: 'SUCCESS' }

  test('a scenario whose checks all succeed passed', () =>
    expect(outcome('auth/basic', [ok])).toMatchObject({ result: 'passed', checks: [] }))
  test('a warning is a failure, told by its id and its words', () => {
    const warning = { id: 'b', status: 'WARNING', errorMessage: 'should not' }
    expect(outcome('server-tools-list', [ok, warning, warning])).toMatchObject({
      name: 'tools-list',
      result: 'failed',
      checks: ['b'],
      why: 'should not',
    })
  })
  test('a scenario without a verdict was skipped', () => {
    expect(outcome('one', [{ id: 'a', status: 'SKIPPED', description: 'no sessions' }])).toMatchObject({
      result: 'skipped',
      why: 'no sessions',
    })
  })
  test('a scenario without a result failed', () =>
    expect(outcome('one', undefined)).toMatchObject({ result: 'failed', checks: ['unfinished'] }))
})

describe('expected failures', () => {
  const failed = (name: string, ...checks: string[]): Outcome => ({
    name,
    side: 'server',
    result: checks.length > 0 ? 'failed' : 'passed',
    checks,
  })
  const read = (text: string): ReturnType<typeof readExpected> => {
    const file = join(dir, 'expected.yaml')
    writeFileSync(file, text)
    return readExpected(file)
  }
  const LINES = 'server:\n  - one # whole\n  - two:b # only b\nclient: []\n'

  test('a line without a reason is an error', () => expect(() => read('server:\n  - one\n')).toThrow('no reason'))
  test('a whole scenario covers every check', () => expect(expectedReason(failed('one', 'a', 'b'), read(LINES))).toBe('whole'))
  test('a check covers itself only', () => {
    expect(expectedReason(failed('two', 'b'), read(LINES))).toBe('only b')
    expect(expectedReason(failed('two', 'a', 'b'), read(LINES))).toBeUndefined()
  })
  test('the other side is not covered', () =>
    expect(expectedReason({ ...failed('one', 'a'), side: 'client' }, read(LINES))).toBeUndefined())
  test('a line whose scenario passed everywhere is stale; one that fails somewhere, or was not run, is not', () => {
    expect(staleLines(read(LINES), [failed('one'), failed('one', 'a'), failed('two', 'a')])).toEqual(['two:b'])
    expect(staleLines(read(LINES), [])).toEqual([])
  })
})
