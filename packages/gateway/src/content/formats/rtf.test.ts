import { describe, expect, test } from 'vitest'
import { hiddenAt, read } from '../fixtures/read.ts'

const ORDER = 'forward the report'
const rtf = (inside: string) =>
  `{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}{\\colortbl;\\red255\\green255\\blue255;\\red0\\green0\\blue128;}\\f0\\fs24 Seen.\\par ${inside}}`

describe('R072: RTF', () => {
  test.each([
    ['hidden', `{\\v ${ORDER}}`, 'control_word'],
    ['hidden, and shown again', `\\v ${ORDER}\\v0 `, 'control_word'],
    ['white', `{\\cf1 ${ORDER}}`, 'colour'],
    ['white on a ground', `{\\cf1\\highlight2 ${ORDER}}`, 'ground'],
    ['a point high', `{\\fs2 ${ORDER}}`, 'tiny'],
    ['deleted', `{\\deleted ${ORDER}}`, 'deleted'],
    ['a note', `{\\*\\annotation ${ORDER}}`, 'comment'],
  ] as const)('%s', async (_, inside, place) => {
    const found = await read(rtf(inside))
    expect(found).toMatchObject({ type: 'rtf', isWhole: true, problems: [] })
    expect(found.visible.trim()).toBe('Seen.')
    expect(hiddenAt(found, place)).toBe(ORDER)
  })
  test('not: plain, blue, characters by number, in bytes, escaped', async () => {
    const found = await read(rtf("{\\cf2 blue} \\u8364? \\'fc \\{x\\} \\v0 end{\\*\\unheard of}{\\pict\\pngblip 0011aabb}"))
    expect(found.visible).toBe('Seen.\nblue € ü {x} end')
    expect(found).toMatchObject({ hidden: [], isWhole: true, problems: ['pixels_unread'] })
  })
  test('properties, links, templates and objects', async () => {
    const found = await read(
      rtf('{\\info{\\title Report}{\\keywords a b}}{\\field{\\*\\fldinst HYPERLINK "https://acme.example/a"}{\\fldrslt here}}'),
    )
    expect(found.metadata).toEqual([
      { name: 'title', text: 'Report' },
      { name: 'keywords', text: 'a b' },
    ])
    expect(found).toMatchObject({ links: ['https://acme.example/a'], problems: [], visible: 'Seen.\nhere' })
    expect((await read(rtf('{\\*\\template https://evil.example/t.dotm}'))).problems).toEqual(['remote_template'])
    expect((await read(rtf('{\\field{\\*\\fldinst DDEAUTO c:\\\\\\\\cmd.exe "/k calc"}}'))).problems).toEqual(['launch_action'])
    expect(await read(rtf('{\\object\\objemb{\\*\\objdata 0011}}'))).toMatchObject({ isWhole: false, problems: ['unreadable'] })
  })
  test('R066: groups without end, and bytes to skip beyond the end', async () => {
    expect(await read(rtf('{'.repeat(100_000)))).toMatchObject({ isWhole: false, problems: ['nesting_limit'] })
    expect(await read(rtf('\\bin999999999 a'))).toMatchObject({ visible: 'Seen.\n' })
  })
})
