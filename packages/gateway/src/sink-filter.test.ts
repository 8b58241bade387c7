import { describe, expect, test } from 'vitest'
import { sampleEvents } from '../../core/src/observe/fixtures/samples.ts'
import { SinkConfig } from './config-sinks.ts'
import { isFresh, isWanted } from './sink-filter.ts'

const DAY_MS = 86_400_000
const slack = (filter: object) => SinkConfig.parse({ type: 'slack', id: 'a', token: 't', channel: 'C', filter }).filter
const file = (filter: object) => SinkConfig.parse({ type: 'file', id: 'a', path: 'x', filter }).filter
const kinds = (filter: SinkConfig['filter']) => [
  ...new Set(
    sampleEvents()
      .filter((event) => isWanted(event, filter))
      .map(({ kind }) => kind),
  ),
]

describe('R149: whom is told what', () => {
  test('a channel tells of approvals; of alerts those that are grave', () => {
    expect(kinds(slack({}))).toEqual(['approval.asked', 'approval.escalated', 'approval.decided'])
    expect(kinds(slack({ severityMin: 'medium' }))).toContain('alert.policy')
  })
  test('and of what it is told to', () => {
    expect(kinds(slack({ approvals: ['approval.escalated'], types: ['isolation'] }))).toEqual([
      'agent.isolated',
      'agent.released',
      'approval.escalated',
    ])
    expect(kinds(slack({ approvals: [], types: [] }))).toEqual([])
  })
  test('other sinks go by type and severity, for approvals too', () => {
    expect(kinds(file({})).length).toBeGreaterThan(15)
    expect(kinds(file({ types: ['detection'], severityMin: 'high' }))).toEqual([
      'finding.high',
      'credential.foreign_use',
      'sink.dropped',
      'approval.escalated',
    ])
  })
})

test('R149: a channel does not tell what is long over; a sink leaves nothing out', () => {
  const old = { timeMs: 1_000 }
  const fresh = (filter: SinkConfig['filter'], ageMs: number) => isFresh(old, filter, old.timeMs + ageMs)
  expect([fresh(slack({}), DAY_MS), fresh(slack({}), DAY_MS + 1)]).toEqual([true, false])
  expect([fresh(slack({ hoursMax: 48 }), DAY_MS + 1), fresh(file({}), 1_000 * DAY_MS)]).toEqual([true, true])
})
