import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { EVENT_KINDS } from './severity.ts'

const PAGE = readFileSync(new URL('../../../../docs/operating/siem.md', import.meta.url), 'utf8')

test.each(Object.entries(EVENT_KINDS))(
  'R270: the matrix of severities prints %s as it is',
  (kind, { severity, priority, means }) => {
    expect(PAGE).toContain(`| \`${kind}\` | ${severity} | ${priority} | ${means} |`)
  },
)

test('R270: the printed matrix has no other rows', () => {
  expect(PAGE.match(/^\| `[a-z]+\.[a-z_]+` \|/gm)).toHaveLength(Object.keys(EVENT_KINDS).length)
})

test.each(Object.entries(EVENT_KINDS))('R270: %s has the priority of its severity', (_, { severity, priority }) => {
  expect(priority).toBe({ info: 4, low: 4, medium: 3, high: 2, critical: 1 }[severity])
})
