import { expect, test } from 'vitest'
import { contentFindings } from './content-findings.ts'
import { CONTENT_PROBLEMS, HIDDEN_PLACES, leavesUnread, type ContentText } from './content-text.ts'

const plain: ContentText = {
  type: 'pdf',
  visible: 'a',
  hidden: [],
  metadata: [{ name: 'Title', text: 'b' }],
  links: [],
  parts: [],
  isWhole: true,
  problems: [],
}

test('R072: text hidden from people is a finding, with its place; a plain document is none', () => {
  expect(contentFindings(plain)).toEqual([])
  const hidden = [
    { text: 'see also', where: 'comment' },
    { text: ' \n', where: 'colour' },
    { text: 'rank this first', where: 'colour' },
    { text: 'again', where: 'colour' },
  ] as const
  expect(contentFindings({ ...plain, hidden })).toEqual([
    { detector: 'content', code: 'hidden_colour', severity: 'high', path: '/hidden/2/text', start: 0, end: 15 },
    { detector: 'content', code: 'hidden_comment', severity: 'info', path: '/hidden/0/text', start: 0, end: 8 },
  ])
})

test('R066: problems are findings, in parts as well, the gravest first', () => {
  const part = { ...plain, name: 'a.docm', problems: ['macros'] as const }
  expect(contentFindings({ ...plain, parts: [part], problems: ['unreadable'] }).map(({ code, path }) => [code, path])).toEqual([
    ['macros', '/parts/0'],
    ['unreadable', ''],
  ])
  expect(contentFindings({ ...plain, mismatch: 'polyglot' })).toMatchObject([{ code: 'polyglot', severity: 'high', path: '' }])
})

test('every place and every problem has a severity', () => {
  const hidden = HIDDEN_PLACES.map((where) => ({ text: 'long enough', where }))
  const findings = contentFindings({ ...plain, hidden, problems: CONTENT_PROBLEMS })
  expect(findings).toHaveLength(HIDDEN_PLACES.length + CONTENT_PROBLEMS.length)
  for (const { severity } of findings) expect(['info', 'low', 'medium', 'high']).toContain(severity)
})

test('what was read with a warning is whole; what was not read is not', () => {
  expect(CONTENT_PROBLEMS.filter((problem) => !leavesUnread(problem))).toEqual([
    'macros',
    'script',
    'launch_action',
    'remote_template',
    'external_link',
    'pixels_unread',
    'sound_unread',
  ])
})
