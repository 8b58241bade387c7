import type { Entry } from '@sallyport/core'
import { expect, test } from 'vitest'
import { sessionRows } from './session-rows.ts'

type Decision = Extract<Entry, { type: 'decision' }>
const at = (second: number): string => `2026-11-27T10:00:${String(second).padStart(2, '0')}.000Z`

function decided(index: number, more: Partial<Decision>): Entry {
  const action = { kind: 'tool.call', server: 'erp', name: 'pay', digest: '' }
  return { type: 'decision', index, time: at(index), action, enforced: 'allow', ...more } as Entry
}

function ended(index: number, decision: number): Entry {
  return { type: 'outcome', index, time: at(index), decision, status: 'success', durationMs: 40 } as Entry
}

const ASKED: NonNullable<Decision['flow']> = { integrity: 'user', classes: [], link: 'certain', slots: [] }

test('R267: what the model asked for stands under its call, what people approved under the decision that asked them', () => {
  const request = {
    id: 'r',
    decision: 2,
    state: 'consumed',
    askedMs: Date.parse(at(2)),
    votes: [{ user: 'dana', verdict: 'approve', atMs: Date.parse(at(5)) }],
  }
  const rows = sessionRows(
    [
      decided(0, { action: { kind: 'model.call', name: 'm', digest: '' } as Decision['action'] }),
      ended(1, 0),
      decided(2, { enforced: 'require_approval', flow: { ...ASKED, asked: 0 } }),
      decided(6, { approval: { id: 'r', by: ['dana'], asked: 2 } }),
      ended(7, 6),
      decided(8, { enforced: 'deny', flow: { ...ASKED, asked: 9 } }),
    ],
    [request as never],
    Date.parse(at(9)),
  )
  expect(rows.map(({ entry, kind, depth, verdict, outcome, tookMs }) => [entry, kind, depth, verdict, outcome, tookMs])).toEqual([
    [0, 'model', 0, 'allow', 'success', 40],
    [2, 'act', 1, 'require_approval', '', 0],
    [2, 'people', 2, 'consumed', '', 3_000],
    [6, 'act', 2, 'allow', 'success', 40],
    // What says that a later entry asked for it stands by itself.
    [8, 'act', 0, 'deny', '', 0],
  ])
})

test('what an agent called its tool is shown escaped', () => {
  const action = { kind: 'tool.call', server: 'erp', name: '<b>\u202Etxt', digest: '' } as Decision['action']
  expect(sessionRows([decided(0, { action })], [], 0)[0]?.what).toBe('tool.call erp.<b>\\u{202e}txt')
})
