import { describe, expect, test } from 'vitest'
import { compileResources, findResource, findTemplate } from './resources.ts'

const index = compileResources<string>(
  [
    'docs.file:///policies/{name}',
    'docs.file:///notes/{id}.md',
    'docs.file:///exact',
    'docs.note://{id}',
    'docs.accent:///e{x}',
    'erp.db://orders/{year}/{id}',
    'docs.file:///policies/{name}/en',
  ].map((key) => [key, key] as const),
)

describe('a template variable is one harmless piece of one segment', () => {
  test.each([
    ['file:///policies/travel', 'docs.file:///policies/{name}'],
    ['file:///policies/travel/en', 'docs.file:///policies/{name}/en'],
    ['file:///policies/tr%C3%A4vel%20rules', 'docs.file:///policies/{name}'],
    ['file:///notes/7.md', 'docs.file:///notes/{id}.md'],
    ['note://7', 'docs.note://{id}'],
    ['file:///exact', 'docs.file:///exact'],
  ])('%s', (uri, key) => expect(findResource(index, 'docs', uri)).toBe(key))
  test.each([
    ['two segments', 'file:///policies/a/b'],
    ['an empty segment', 'file:///policies/'],
    ['a dot segment', 'file:///policies/.'],
    ['two dots', 'file:///policies/..'],
    ['two dots in the middle', 'file:///policies/../en'],
    ['encoded dots', 'file:///policies/%2e%2e'],
    ['half-encoded dots', 'file:///policies/.%2E'],
    ['an encoded slash', 'file:///policies/..%2fsecret'],
    ['an encoded backslash', 'file:///policies/..%5csecret'],
    ['a doubly encoded slash', 'file:///policies/..%252fsecret'],
    ['a backslash', 'file:///policies/..\\secret'],
    ['a query', 'file:///policies/a?x=1'],
    ['a fragment', 'file:///policies/a#x'],
    ['an encoded null', 'file:///policies/a%00'],
    ['a control character', 'file:///policies/a\u0000'],
    ['a blank', 'file:///policies/a b'],
    ['a full-width slash', 'file:///policies/a／b'],
    ['full-width dots', 'file:///policies/．．'],
    ['a broken escape', 'file:///policies/a%2'],
    ['a dot file of a suffix', 'file:///notes/.md'],
    ['dots before a suffix', 'file:///notes/...md'],
    ['an accent that joins the prefix', 'accent:///e\u0301'],
    ['another prefix', 'file:///Policies/a'],
    ['the template itself', 'file:///policies/{name}'],
    ['something behind an exact one', 'file:///exact/a'],
    ['more than an exact one', 'file:///exactly'],
  ])('%s is not granted', (_, uri) => expect(findResource(index, 'docs', uri)).toBeUndefined())
  test('another server’s grant does not count', () => {
    expect(findResource(index, 'erp', 'file:///policies/travel')).toBeUndefined()
    expect(findResource(index, 'erp', 'db://orders/2026/7')).toBe('erp.db://orders/{year}/{id}')
  })
  test('an overlong URI is not granted', () =>
    expect(findResource(index, 'docs', `file:///policies/${'a'.repeat(2_001)}`)).toBeUndefined())
  test('templates are found by their exact name only', () => {
    expect(findTemplate(index, 'docs', 'file:///policies/{name}')).toBe('docs.file:///policies/{name}')
    expect(findTemplate(index, 'docs', 'file:///policies/{other}')).toBeUndefined()
    expect(findTemplate(index, 'docs', 'file:///exact')).toBeUndefined()
  })
})
