import { expect, test } from 'vitest'
import { csvOf } from './table.tsx'

test('an export is RFC 4180, and no cell is a formula', () => {
  const columns = [
    { title: 'name', text: ({ name }: { name: string; count: number }) => name },
    { title: 'count', text: ({ count }: { name: string; count: number }) => count },
  ]
  const rows = ['=HYPERLINK("http://evil.example")', '+1', '-1', '@x', '\tx', 'plain, "quoted"\nline'].map((name) => ({
    name,
    count: -1,
  }))
  expect(csvOf(columns, rows).split('\r\n')).toEqual([
    '"name","count"',
    `"'=HYPERLINK(""http://evil.example"")","-1"`,
    `"'+1","-1"`,
    `"'-1","-1"`,
    `"'@x","-1"`,
    `"'\tx","-1"`,
    '"plain, ""quoted""\nline","-1"',
    '',
  ])
})
