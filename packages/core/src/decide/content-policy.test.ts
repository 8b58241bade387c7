import { describe, expect, test } from 'vitest'
import { contentOf, SUBJECT_CHARS_MAX, subjectId, userSubject } from './content-policy.ts'
import { alice, compiled, manifestOf, withoutUser, type GrantInput } from './fixtures/world.ts'

const read = { scope: 'read', tier: 'low' } as const
/** A manifest that handles patients must say how long its records are kept. */
const PHI = { retention: { class: 'phi' } } as const
const keep = { input: true, class: 'phi' } as const
const call = (args = {}) => ({ kind: 'tool.call', server: 'erp', name: 'read', args }) as const
const of = (grant: Partial<GrantInput>, args = {}, principal = alice) =>
  contentOf(principal, call(args), compiled(manifestOf({ 'erp.read': { ...read, ...grant } }, PHI)))

describe('what a grant says about content', () => {
  test.each<[Partial<GrantInput>, object, unknown, string]>([
    [{}, {}, undefined, 'nothing: about nobody, not kept'],
    [{ classes: ['pii'] }, {}, { classes: ['pii'], subject: 'user:local/alice' }, 'about who asked'],
    [
      { subject: 'patient' },
      { patient: ' P-1 ' },
      { classes: [], subject: 'P-1' },
      'about whom the argument names, without space around',
    ],
    [{ subject: 'who.id' }, { who: { id: 7 } }, { classes: [], subject: '7' }, 'by a dotted path, a number as text'],
    [
      { keep, classes: ['pii', 'phi'] },
      {},
      { classes: ['phi', 'pii'], subject: 'user:local/alice', keep: { input: true, output: false, class: 'phi' } },
      'kept; each class once',
    ],
  ])('R122: %j with %j is %j: %s', (grant, args, expected) => expect(of(grant, args)).toEqual(expected))

  test('without an originating user it is about nobody', () =>
    expect(of({ keep }, {}, withoutUser(alice))).not.toHaveProperty('subject'))

  test.each([
    {},
    { patient: '' },
    { patient: '  ' },
    { patient: null },
    { patient: ['P-1'] },
    { patient: 'x'.repeat(SUBJECT_CHARS_MAX + 1) },
    { patient: '\ud800' },
  ])('an argument that has to name the person and is %j refuses the act', (args) =>
    expect(() => of({ subject: 'patient' }, args)).toThrow(expect.objectContaining({ code: 'REQUEST_PARAMS' })),
  )

  test.each([9_007_199_254_740_993, 1.5, -Infinity])('R133: the number %d may be another person’s and refuses the act', (patient) =>
    expect(() => of({ subject: 'patient' }, { patient })).toThrow(expect.objectContaining({ code: 'REQUEST_PARAMS' })),
  )

  test('R229: an originating user has the form that an erasure looks for', () => {
    const user = { issuer: 'https://idp.example', id: 'Jose\u0301 ', attributes: {} }
    expect(of({ classes: ['pii'] }, {}, { ...alice, user })?.subject).toBe(subjectId(userSubject(user)))
  })

  test('one person has one form', () => {
    expect(subjectId('Jose\u0301')).toBe(subjectId('José'))
  })

  test('other kinds of act, other tools and other tasks are about nobody', () => {
    const manifest = compiled(manifestOf({ 'erp.read': { ...read, keep } }, PHI))
    expect(contentOf(alice, { ...call(), kind: 'prompt.get' }, manifest)).toBeUndefined()
    expect(contentOf(alice, { ...call(), name: 'other' }, manifest)).toBeUndefined()
    expect(contentOf({ ...alice, task: 'summarise' }, call(), manifest)).toBeUndefined()
  })
})

test.each<[object, string]>([
  [{ keep: { class: 'phi' } }, 'nothing kept'],
  [{ keep: { input: true } }, 'no class'],
  [{ keep: { input: true, class: 'secret' } }, 'an unknown class'],
  [{ subject: 'a b' }, 'not a path'],
  [{ classes: [] }, 'no class at all'],
])('a manifest with %j is refused: %s', (grant) => {
  expect(() => manifestOf({ 'erp.read': { ...read, ...grant } as GrantInput })).toThrow()
})

test.each([{ keep: { output: true, class: 'pii' } }, { subject: 'other' }, { classes: ['pci'] }] as const)(
  'R039: changing what is kept, or of whom, to %j needs signatures',
  (change) => {
    const before = manifestOf({ 'erp.read': { ...read, keep, subject: 'patient', classes: ['phi'] } }, PHI)
    const after = manifestOf({ 'erp.read': { ...read, keep, subject: 'patient', classes: ['phi'], ...change } as GrantInput }, PHI)
    expect(compiled(after, { baseline: before }).proposed).toHaveLength(1)
    expect(compiled(before, { baseline: before }).proposed).toHaveLength(0)
  },
)

test('R229: an issuer and an id never name the person of another issuer and id', () => {
  expect(userSubject({ issuer: 'a/b', id: 'c' })).not.toBe(userSubject({ issuer: 'a', id: 'b/c' }))
  expect(userSubject({ issuer: 'a', id: 'b%2Fc' })).not.toBe(userSubject({ issuer: 'a', id: 'b/c' }))
})
