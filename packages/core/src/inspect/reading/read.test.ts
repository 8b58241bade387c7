import { describe, expect, test } from 'vitest'
import { benign } from './fixtures/benign.ts'
import { hostile } from './fixtures/hostile.ts'
import { CLEAN, hiding, nested, transforms } from './fixtures/transforms.ts'
import { read, READING_FACTOR_MAX, READINGS_MAX } from './read.ts'
import type { Reading, View } from './view.ts'

const find = (reading: Reading, text = CLEAN, kind?: string): View | undefined =>
  reading.views.find((view) => (!kind || view.kind === kind) && view.text.toLowerCase().includes(text.toLowerCase()))
const kinds = (text: string) => read(text).views.map((view) => view.kind)

describe('R055: an encoded or disguised sentence is read', () => {
  test.each(transforms)('$name', ({ apply, view }) => {
    const reading = read(apply(CLEAN))
    expect(find(reading, CLEAN, view)).toBeDefined()
    expect(reading.isWhole).toBe(true)
  })
  test.each(transforms.filter(({ view }) => view !== 'tags'))('amid other text: $name', ({ apply, view }) => {
    const around = 'The quarterly report is attached.\n\n'
    expect(find(read(`${around}${apply(CLEAN)}\n\n${around}`), CLEAN, view)).toBeDefined()
  })
  test.each(nested)('%s inside %s', (inner, outer) => {
    const [first, second] = [inner, outer].map((name) => transforms.find((transform) => transform.name === name))
    if (!first || !second) throw new Error(`no transform ${inner} or ${outer}`)
    expect(find(read(second.apply(first.apply(CLEAN))))).toBeDefined()
  })
  test('far into a long text', () => {
    const prose = 'The council met on Tuesday to discuss the plan and what it would cost. '.repeat(1000)
    for (const { apply, name, view } of transforms.filter((one) => ['rot13', 'leet', 'percent', 'joined'].includes(one.view))) {
      const seen = find(read(`${prose}\n${apply(CLEAN)}\n${prose}`))
      expect([name, seen?.kind]).toEqual([name, view])
      expect(seen?.text.length).toBeLessThan(2000)
    }
  })
})

describe('R055: what only looks encoded has no reading but itself', () => {
  test.each(benign)('%s', (_, text) => expect(kinds(text)).toEqual(['text']))
})

describe('R050 R066 R072: text that HTML hides is read apart from what it shows', () => {
  test.each(hiding)('%s', (_, hide) => {
    const { views } = read(hide(CLEAN), { channel: 'web' })
    expect(views.find((view) => view.kind === 'hidden')?.text).toContain(CLEAN)
    expect(views.find((view) => view.kind === 'visible')?.text ?? '').not.toContain(CLEAN)
  })
  test.each<readonly [string, string]>([
    ['white on a dark background', `<table bgcolor="#003366"><tr><td><font color="#ffffff">${CLEAN}</font></td></tr></table>`],
    ['white on a picture', `<div style="background:url(a.png)"><p style="color:white">${CLEAN}</p></div>`],
    ['a size of 10 pixels', `<p style="font-size:10px;opacity:0.9;left:-1px">${CLEAN}</p>`],
    ['an element behind a hidden one', `<p style="display:none">x</p><p>${CLEAN}</p>`],
    ['a class that hides nothing', `<style>.a{display:block}.b{display:none}</style><p class="a">${CLEAN}</p>`],
    ['a line break hidden', `<br style="display:none">${CLEAN}`],
    ['screen readers only are told less', `<p aria-hidden="true">${CLEAN}</p>`],
  ])('not hidden: %s', (_, text) => {
    const { views } = read(text)
    expect(views.find((view) => view.kind === 'visible')?.text).toContain(CLEAN)
    expect(views.find((view) => view.kind === 'hidden')?.text ?? '').not.toContain(CLEAN)
  })
  test('links and addresses that load by themselves are targets (R078)', () => {
    const text = `<a href="https://a.example/?d=1&amp;e=2">x</a><img src=https://b.example/i.png><p style="background:url(https://c.example)">`
    const target = read(text).views.find((view) => view.kind === 'target')
    expect(target?.text.split('\n')).toEqual(['https://a.example/?d=1&e=2', 'https://b.example/i.png', 'https://c.example'])
    const markdown = read('See ![logo](https://d.example/(a)?q=1) and [x](<https://e.example> "t")\n\n[r]: https://f.example')
    expect(markdown.views.find((view) => view.kind === 'target')?.text.split('\n')).toEqual([
      'logo',
      'https://d.example/(a)?q=1',
      'https://e.example',
      't',
      'https://f.example',
    ])
  })
  test('what browsers make of broken HTML', () => {
    const visible = (text: string) => read(text, { channel: 'web' }).views.find((view) => view.kind === 'visible')?.text
    expect(visible('a<b title="x>y">b</b>')).toBe('ab')
    expect(visible('a<b title="x>b</b>')).toBe('ab')
    expect(visible('<p>1 < 2 and 3 > 2</p>')).toBe('1 < 2 and 3 > 2\n')
    expect(visible('<script>if (a<b) "</p>"</script>c<br/>d')).toBe('c\nd')
    expect(visible('<!-->a<i>b</i>')).toBe('ab')
    expect(visible('<title>A<b>B</title>C')).toBe('A<b>B\nC')
  })
  test('tags of any name count in markup, and escapes of mail in mail', () => {
    expect(find(read('ig<zz>nore all</zz>', { channel: 'web' }), 'ignore all')?.kind).toBe('visible')
    expect(find(read('=69=67=6e=6f=72=65 all', { channel: 'email' }), 'ignore all')?.kind).toBe('percent')
    expect(kinds('a =69=67=6e=6f=72=65 b')).toEqual(['text'])
  })
})

test('R055 R078: data that was encoded on its way out is read, too', () => {
  for (const secret of ['4111 1111 1111 1111', 'sk_test_4eC39HqLyjWDarjtT1zdp7dc', 'jane.doe@example.com'])
    expect(find(read(`https://example.com/?d=${Buffer.from(secret).toString('base64url')}`), secret)?.kind).toBe('base64')
})

describe('R073: stripping cannot hide anything', () => {
  test.each(transforms)('the text as it came is always the first reading: $name', ({ apply }) => {
    const text = apply(CLEAN)
    expect(read(text).views[0]).toMatchObject({ kind: 'text', text })
  })
})

describe('bounds', () => {
  const base64 = (text: string, times: number): string =>
    times === 0 ? text : base64(Buffer.from(text).toString('base64'), times - 1)
  test('encodings inside one another are followed to a depth, and the rest is told of', () => {
    expect(read(base64(CLEAN, 2))).toMatchObject({ isWhole: true, views: [{}, {}, { text: CLEAN }] })
    const deep = read(base64(CLEAN, 9))
    expect(deep.views).toHaveLength(3)
    expect(deep.isWhole).toBe(false)
    expect(find(read(base64(CLEAN, 4), { depthMax: 4 }))).toBeDefined()
    expect(read(base64(CLEAN, 1), { depthMax: 0 })).toMatchObject({ isWhole: false, views: [{ kind: 'text' }] })
  })
  test('readings together stay below their bound, and what is left out is told of', () => {
    const text = `<p>${base64(CLEAN, 1)}</p>`
    expect(read(text, { charsMax: 10 })).toMatchObject({ isWhole: false, views: [{ kind: 'text' }] })
    expect(read(text, { charsMax: 1000 }).isWhole).toBe(true)
  })
  // Nothing is timed: what is not linear here takes hours and never ends.
  const NAMED = ['a', '<', '&', '%', '=?', '<b>']
  test.each([...NAMED.map((unit) => [1024, unit] as const), ...hostile.map((unit) => [128, unit] as const)])(
    'gets to the end of %i KiB of %j',
    (kib, unit) => {
      const text = unit.repeat(Math.ceil((kib * 1024) / unit.length))
      const { views } = read(text, { channel: 'web' })
      const chars = views.reduce((sum, view) => sum + view.text.length, 0)
      expect(chars).toBeLessThanOrEqual((READING_FACTOR_MAX + 1) * text.length)
      expect(views.length).toBeLessThanOrEqual(READINGS_MAX)
    },
  )
  test.each<readonly [string, string]>([
    ['an unclosed comment', `x <!-- ${'a<b>'.repeat(200_000)}`],
    ['a quotation mark that swallows the end of every tag', `${'<b '.repeat(300_000)}a="x>y"`],
    [
      'lines that decode one by one and not together',
      `${`${Buffer.from('a line of text that reads').toString('base64')}\n`.repeat(30_000)}////////`,
    ],
    ['a bomb of base64', base64('A'.repeat(200_000), 6)],
  ])('gets to the end of %s', (_, text) => expect(read(text).views.length).toBeLessThanOrEqual(READINGS_MAX))
})
