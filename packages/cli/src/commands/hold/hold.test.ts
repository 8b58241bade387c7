import { loadConfig } from '@sallyport/gateway'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cliHome, type CliHome } from '../../fixtures/cli-home.ts'

let cli: CliHome
beforeAll(async () => {
  cli = await cliHome('retention: { regimes: [gdpr] }\n')
  await cli.run('user', 'create', 'bob', '--role', 'security', '--as', 'alice')
})
afterAll(() => cli?.remove())

const json = async (...args: string[]): Promise<Record<string, string>> =>
  JSON.parse((await cli.run(...args, '--json')).out) as Record<string, string>

test('R229: two people open, review and release a hold from the command line', async () => {
  const about = ['--matter', 'claim 12', '--authority', 'court', '--reason', 'ordered', '--agent', 'office']
  const { id } = await json('hold', 'open', ...about, '--review', '30d', '--as', 'alice')
  expect(await cli.run('hold', 'approve', id ?? '', '--reason', 'seen', '--as', 'alice')).toMatchObject({
    code: expect.any(Number),
    out: '',
  })
  expect((await cli.run('hold', 'approve', id ?? '', '--reason', 'seen', '--as', 'bob')).out).toContain('in force')
  expect((await cli.run('hold', 'list', '--as', 'bob')).out).toMatch(
    new RegExp(`${String(id)}\\s+active\\s+claim 12\\s+alice\\s+bob`),
  )
  expect((await cli.run('hold', 'review', id ?? '', '--reason', 'goes on', '--review', '200d', '--as', 'bob')).code).not.toBe(0)
  expect((await cli.run('hold', 'review', id ?? '', '--reason', 'goes on', '--as', 'bob')).code).toBe(0)
  expect((await cli.run('hold', 'release', id ?? '', '--reason', 'over', '--as', 'bob')).out).toContain('second person')
  expect((await cli.run('hold', 'release', id ?? '', '--reason', 'over', '--as', 'alice')).out).toContain('has ended')
})

test.each([
  [['hold', 'open', '--matter', 'm', '--authority', 'a', '--reason', 'because'], 'scope: name a person'],
  [['hold', 'open', '--matter', 'm', '--authority', 'a', '--reason', 'because', '--agent', 'x', '--since', 'soon'], 'write a date'],
  [['hold', 'open', '--matter', 'm', '--authority', 'a', '--reason', 'because', '--agent', 'x', '--ground', 'c'], 'write b or e'],
])('R229: %j is refused in words', async (args, words) => {
  const { code, err } = await cli.run(...args, '--as', 'alice')
  expect(code).not.toBe(0)
  expect(err).toContain(words)
})

test('R132: retention is shown, and nothing goes before its time', async () => {
  const plan = await cli.run('retention', 'plan', '--as', 'bob')
  expect(plan.out).toMatch(/\*\s+standard\s+skeleton\s+2557 days/)
  expect(plan.out).toMatch(/\*\s+standard\s+reasoning\s+7 days/)
  expect(plan.out).toMatch(/entry 0 stays: kept until \d{4}-\d\d-\d\d/)
  expect((await cli.run('retention', 'run', '--as', 'bob')).out).toContain('nothing has expired')
  const early = await cli.run('retention', 'run', '--to', '256', '--as', 'bob')
  expect(early.err).toContain('nothing is deleted before it expires')
  expect(early.code).not.toBe(0)
})

test('R132: a deployment whose floors are above its ceilings is not started, and says what to do', () => {
  cli.write('conflict.yaml', 'apiVersion: sallyport/v1\nretention: { regimes: [hipaa, dpdp] }\n')
  expect(() => loadConfig(`${cli.home.dir}/conflict.yaml`)).toThrowError(
    /hipaa keeps at least 2192 days and dpdp allows at most 366; a person must choose/,
  )
  const choice = 'choices: [{ floorOf: hipaa, ceilingOf: dpdp, keep: floor, by: carol, reason: advice of counsel }]'
  cli.write('conflict.yaml', `apiVersion: sallyport/v1\nretention: { regimes: [hipaa, dpdp], ${choice} }\n`)
  expect(() => loadConfig(`${cli.home.dir}/conflict.yaml`)).not.toThrow()
})
