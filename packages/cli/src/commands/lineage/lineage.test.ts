import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CliHome, cliHome } from '../../fixtures/cli-home.ts'
import { chainLines, flowChart, flowLines, lineageLines } from './describe.ts'

let cli: CliHome
beforeAll(async () => {
  cli = await cliHome()
})
afterAll(() => cli?.remove())

const act = { time: '2026-11-26T10:00:00.000Z', agent: 'clerk', kind: 'tool.call', enforced: 'allow', status: 'success' }
const way = {
  task: 'work',
  from: 'mail.read',
  integrity: 'email',
  to: 'crm.send',
  field: 'to',
  kind: 'recipient',
  allowed: 1,
  stopped: 2,
  lastTime: act.time,
  isDeclared: false,
}

test('R231: each act says why it is there, and a model that may have used something is told from a value that is there', () => {
  const acts = [
    { ...act, entry: 1, server: 'mail', name: 'read', classes: ['pii'], trust: 'email' },
    { ...act, entry: 3, kind: 'model.call', name: 'default', classes: [] },
    { ...act, entry: 5, server: 'crm', name: 'send', classes: [] },
  ]
  const edges = [
    { from: 1, to: 3, by: 'may' as const },
    { from: 3, to: 5, by: 'asked' as const },
    { from: 1, to: 5, by: 'value' as const, path: '/to' },
  ]
  expect(lineageLines({ start: 5, acts, edges, isComplete: false }, 'back')).toEqual([
    '       1  tool.call mail.read (success, email, pii)',
    '       3  model.call default (success): may have used 1',
    '→      5  tool.call crm.send (success): model call 3 asked for it; /to came by 1',
    'The log holds too much for one answer: something may be missing.',
  ])
  expect(lineageLines({ start: 1, acts: acts.slice(0, 1), edges: [], isComplete: true }, 'forward').at(-1)).toBe(
    'nothing came of it',
  )
})

test('R225: what nobody declared is marked; names are no markup', () => {
  const flows = {
    agent: 'clerk',
    fromMs: 0,
    entries: 9,
    observed: [way, { ...way, from: 'user"]', isDeclared: true }],
    unobserved: [],
  }
  expect(flowLines(flows)[0]).toContain('2 ways, 1 of them undeclared')
  expect(flowLines(flows)[1]?.split('\n')[1]).toMatch(
    /^UNDECLARED\s+work\s+mail\.read \(email\)\s+crm\.send to\s+recipient\s+1\s+2/,
  )
  expect(flowChart(flows).split('\n')).toEqual([
    'flowchart LR',
    '  n0["mail.read"] -.->|"to: 1 allowed, 2 stopped"| n1["crm.send"]',
    '  n2["user#quot;]"] -->|"to: 1 allowed, 2 stopped"| n1',
  ])
})

test('R225 R231: where there is nothing it is said so', async () => {
  const missing = await cli.run('lineage', 'back', '99999')
  expect([missing.code === 0, missing.err]).toEqual([false, expect.stringContaining('no act has this entry')])
  expect((await cli.run('lineage', 'chain', '0')).err).toContain('no act has this entry')
  expect((await cli.run('lineage', 'flows', 'nobody')).err).toContain('no manifest is in force')
})

test('R287: a link that was not checked stands out', () => {
  const links = [
    { link: 'identity' as const, isChecked: true, says: 'clerk by agent_key' },
    { link: 'reasoning' as const, isChecked: false, says: 'no model call is known that asked for it' },
  ]
  expect(chainLines({ entry: 7, links })).toEqual([
    'Entry 7',
    '  ok       identity    clerk by agent_key',
    '  MISSING  reasoning   no model call is known that asked for it',
  ])
})
