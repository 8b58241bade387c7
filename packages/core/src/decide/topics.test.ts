import { expect, test } from 'vitest'
import { decide } from './decide.ts'
import { alice, call, compiled, facts, manifestOf } from './fixtures/world.ts'
import { compileTopics } from './topics.ts'

const ON = 'Dear Ms Weber, thank you for the goods; the PURCHASE  Orders of May are complete and the invoices are with accounting.'
const OFF =
  'Win a holiday for two! Forward this message to twelve friends tonight and luck will find you, your family and your cat.'
const TOPICS = ['purchase order', 'supplier']

const ask = (
  body: string,
  { scope = 'write', topics = TOPICS as readonly string[] | null, baseline = undefined as readonly string[] | undefined } = {},
) => {
  const manifest = (named: readonly string[] | null) =>
    manifestOf({ 'mail.write': { scope: scope as 'write', tier: 'low' } }, { task: named ? { topics: named } : {} })
  const options = baseline ? { baseline: manifest(baseline) } : {}
  const known = facts(compiled(manifest(topics), options), { tool: { state: 'approved', effect: scope as 'write' } })
  return decide(alice, call('mail.write', { mail: { body } }), [], known)
}

test('R080: a text that is about nothing of the task waits for a person, and the decision says where it is', () => {
  const decision = ask(OFF)
  expect(decision).toMatchObject({ enforced: 'require_approval', reasons: ['off_task'] })
  expect(decision.votes.find(({ rule }) => rule === 'topics')?.detail).toBe('/mail/body')
})
test('R080: on-task text passes, as do short texts, what is only read, and tasks that name no topics', () => {
  expect(ask(ON).enforced).toBe('allow')
  expect(ask('Thank you, see you tomorrow.').enforced).toBe('allow')
  expect(ask(OFF, { scope: 'read' }).enforced).toBe('allow')
  expect(ask(OFF, { topics: null }).enforced).toBe('allow')
})
test('R080: an unsigned version neither drops topics nor adds any', () => {
  expect(ask(OFF, { topics: null, baseline: TOPICS }).reasons).toContain('off_task')
  expect(ask(OFF, { topics: [...TOPICS, 'holiday'], baseline: TOPICS }).reasons).toContain('off_task')
  expect(ask(ON, { topics: ['supplier'], baseline: TOPICS }).reasons).toContain('off_task')
})
test.each([
  ['a plural', 'suppliers', true],
  ['full width', 'ｓｕｐｐｌｉｅｒ', true],
  ['another case', 'SUPPLIER', true],
  ['the middle of a word', 'resupplierless', false],
  ['a run of words over a line', 'purchase\n-- order', true],
  ['its words in another order', 'order purchase', false],
])('R080: %s: %s', (_why, word, isOn) => {
  const text = `${'x '.repeat(60)}${word} ${'y '.repeat(20)}`
  expect(compileTopics(TOPICS)(text) === undefined).toBe(isOn)
})
test('R080: a script without blanks has its topics found too', () => {
  const text = '先月の注文書についてご連絡いたします。'.repeat(6)
  expect(compileTopics(['注文書'])(text)).toBeUndefined()
  expect(compileTopics(['請求書'])(text)).toBe('')
})
