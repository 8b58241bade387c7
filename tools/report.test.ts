import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { atLeast, atMost, exactly, type Program, runProgram } from './report.ts'

const FINE: Program = {
  about: 'fine',
  run: async () => ({ figures: { callsPerSecond: 12, list: [{ name: 'a' }] }, targets: { p50Ms: atMost(2, 1.5, ' ms') } }),
}
const BROKEN: Program = {
  about: 'broken',
  run: async () => {
    throw new Error('no machine')
  },
}

describe('runProgram', () => {
  let printed = ''
  let complained = ''
  beforeEach(() => {
    printed = complained = ''
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((printed += String(text)), true))
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((complained += String(text)), true))
  })
  afterEach(() => vi.restoreAllMocks())

  test('prints one JSON object as the last line, and a missed target is no error', async () => {
    expect(await runProgram('eval', { fine: FINE }, ['fine', '--json'])).toBe(0)
    const report: unknown = JSON.parse(printed.trim().split('\n').at(-1) ?? '')
    expect(report).toEqual({
      name: 'fine',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      machine: expect.stringContaining('Node'),
      figures: { callsPerSecond: 12, list: [{ name: 'a' }] },
      targets: { p50Ms: { value: 2, target: '<= 1.5 ms', ok: false } },
    })
  })

  test('prints a table without --json, with the missed target in it', async () => {
    expect(await runProgram('eval', { fine: FINE }, ['fine'])).toBe(0)
    expect(printed).toMatch(/callsPerSecond +12\n/)
    expect(printed).toMatch(/list\.0\.name +a\n/)
    expect(printed).toMatch(/p50Ms +2 \(target <= 1\.5 ms\) {2}MISSED/)
  })

  test('a broken run exits 1 and prints no report', async () => {
    expect(await runProgram('eval', { broken: BROKEN }, ['broken', '--json'])).toBe(1)
    expect(printed).toBe('')
    expect(complained).toContain('no machine')
  })

  test.each([[['nothing']], [[]], [['fine', 'more']], [['constructor']], [['fine', '--jsno']]])(
    '%j is wrong usage: exit 2 and a list of names',
    async (args) => {
      expect(await runProgram('eval', { fine: FINE }, args)).toBe(2)
      expect(complained).toContain('npm run -s eval -- NAME')
    },
  )
})

test.each([
  [atMost(1, 1), true],
  [atMost(1.1, 1), false],
  [atLeast(1, 1), true],
  [atLeast(0.9, 1), false],
  [exactly(0, 0), true],
  [exactly(1, 0), false],
])('%j is met: %s', (target, ok) => expect(target.ok).toBe(ok))
