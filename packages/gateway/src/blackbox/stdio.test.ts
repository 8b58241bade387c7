import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { tempFolder } from '../fixtures/world.ts'

const PROGRAM = fileURLToPath(new URL('../fixtures/recording-stdio.ts', import.meta.url))
const NAMES = ['echo', 'die', 'hang', 'environment']
const folder = tempFolder()
const record = join(folder.path, 'calls')
let governed: Governed

beforeAll(async () => {
  process.env['PLANTED_SECRET_OF_THE_GATEWAY'] = 'planted'
  governed = await govern({
    servers: {
      local: {
        transport: 'stdio',
        command: process.execPath,
        args: [PROGRAM, record],
        env: { OWN: 'x' },
        timeoutsMs: { hang: 300 },
      },
      broken: {
        transport: 'stdio',
        command: process.execPath,
        args: ['-e', 'console.error("the database is gone"); process.exit(1)'],
      },
    },
    reviewed: {
      local: NAMES.map((name) => [{ name, inputSchema: { type: 'object', additionalProperties: true } }, 'read'] as const),
    },
    agents: {
      clerk: {
        tasks: { work: { tools: reads('local.echo', 'local.die', 'local.hang', 'local.environment', 'broken.any') }, none: {} },
      },
    },
  })
})
afterAll(async () => {
  delete process.env['PLANTED_SECRET_OF_THE_GATEWAY']
  await governed.close()
  folder.remove()
})

const clerk = () => governed.client('clerk', 'work')
const called = (): readonly string[] => (existsSync(record) ? readFileSync(record, 'utf8').trim().split('\n') : [])
const lastOutcome = async () => (await governed.entries()).findLast((entry) => entry.type === 'outcome')

test('R001 R036: a granted call reaches the process unchanged, any other does not', async () => {
  const before = called().length
  expect((await governed.client('clerk', 'none').call('local__echo')).refusal?.reasons).toEqual(['tool_not_in_manifest'])
  expect(called().length).toBe(before)
  expect(JSON.parse((await clerk().call('local__echo', { a: 'ü\u2028\u2029\u0085"\n' })).said)).toEqual({
    a: 'ü\u2028\u2029\u0085"\n',
  })
  expect(called().length).toBe(before + 1)
})

test('R022: the process has its own environment, none of the gateway’s', async () => {
  const { said } = await clerk().call('local__environment')
  expect(said.split(' ')).toContain('OWN')
  expect(said).not.toContain('PLANTED_SECRET_OF_THE_GATEWAY')
})

test('R035: a process that does not answer times out; the next call is answered', async () => {
  const answer = await clerk().call('local__hang')
  expect(answer.error).toMatchObject({ data: { code: 'UPSTREAM_TIMEOUT' } })
  expect(await lastOutcome()).toMatchObject({ status: 'failure', code: 'UPSTREAM_TIMEOUT' })
  expect((await clerk().call('local__echo')).said).toBe('{}')
})

test('R035 R013: a process that dies in the middle of a call fails that call, is started again, and no call is repeated', async () => {
  const answer = await clerk().call('local__die')
  expect(answer.error).toMatchObject({ data: { code: 'UPSTREAM_UNAVAILABLE' } })
  expect(answer.text).not.toMatch(/recording-stdio|exit/)
  expect(await lastOutcome()).toMatchObject({ status: 'failure', code: 'UPSTREAM_UNAVAILABLE' })
  await expect
    .poll(async () => (await clerk().call('local__echo', { again: true })).said, { timeout: 10_000 })
    .toBe('{"again":true}')
  expect(called().filter((name) => name === 'die')).toHaveLength(1)
})

test('R013: what a process says when it fails is for the operator; the agent hears that it is unreachable', async () => {
  const { problems } = await governed.control('bob', 'tools.list', {})
  expect(problems).toMatchObject([{ server: 'broken', problem: expect.stringContaining('the database is gone') }])
  const answer = await clerk().call('broken__any')
  expect(answer.refusal?.reasons).toEqual(['tool_unverifiable'])
  expect(answer.text).not.toContain('database')
})
