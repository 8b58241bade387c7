import { approvalView, shownHash } from '@sallyport/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { requestOf } from '../../../../core/src/approval/fixtures/request-of.ts'
import { type CliHome, cliHome } from '../../fixtures/cli-home.ts'
import { requestLines } from './describe.ts'

let cli: CliHome
beforeAll(async () => {
  cli = await cliHome()
})
afterAll(() => cli?.remove())

test('R144: an approver reads the act, why it waits and what to say they saw', () => {
  const record = requestOf({ asked: [{ rule: 'flow', reason: 'tainted_act', detail: '/to' }], classes: ['pii'] })
  const view = approvalView({ record, entry: {}, args: { to: 'DE02\u202E', amount: 10 }, before: { to: 'DE01', amount: 10 } })
  const { id, state, agent, scope, tier } = record
  const known = { id, state, agent, kind: 'tool.call' as const, server: 'erp', name: 'pay', scope, tier, reasons: [], votes: [] }
  const whyNot = 'you decided already; another person has to'
  const request = { ...known, people: 2, decision: 7, askedMs: 0, escalateMs: 0, expiresMs: 0, whyNot }
  expect(requestLines({ request, view, shown: shownHash(view) })).toEqual([
    'clerk wants to move money or make a contract with erp.pay: to = DE02\\u{202e}, amount = 10',
    '',
    'agent        clerk, for carol (https://idp.example), task work',
    'act          erp.pay: transact, tier high; hard or impossible to undo',
    'argument     /to = DE02\\u{202e}',
    '  was        DE01',
    'argument     /amount = 10',
    expect.stringMatching(/^why          tainted_act: the session read .* \(\/to\)$/),
    'data         pii → erp',
    'on rejection nothing happens, and the agent is told that a person said no',
    'until        1970-01-01 00:00:00Z; pending, 0 of 2 have decided',
    'you          may not decide: you decided already; another person has to',
    `shown        ${shownHash(view)}`,
  ])
})

test('R151: nobody decides without saying what they saw, or on what is not there', async () => {
  expect((await cli.run('approvals', 'list')).out).toMatch(/^REQUEST\s+STATE/)
  const id = `apr-${'0'.repeat(24)}`
  expect((await cli.run('approvals', 'show', id)).err).toContain('no such request')
  expect(await cli.run('approvals', 'approve', id, '--reason', 'because')).toMatchObject({
    code: expect.any(Number),
    err: expect.stringContaining('--shown'),
  })
  expect((await cli.run('approvals', 'approve', id, '--reason', 'because', '--shown', 'x')).code).not.toBe(0)
})
