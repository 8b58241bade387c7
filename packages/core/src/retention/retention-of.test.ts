import { expect, test } from 'vitest'
import type { Regime, RetentionClass } from '../model/retention.ts'
import type { RecordClass } from './record-classes.ts'
import { explainConflict, retentionOf, type RetentionChoice, type RetentionRules } from './retention-of.ts'

const RULES: RetentionRules = { regimes: [], days: {}, choices: [] }
const of = (record: RecordClass, name: RetentionClass, regimes: readonly Regime[] = [], rules: Partial<RetentionRules> = {}) =>
  retentionOf(record, { class: name, regimes }, { ...RULES, ...rules })
const DPDP_CHOICE: RetentionChoice = {
  floorOf: 'hipaa',
  ceilingOf: 'dpdp',
  keep: 'ceiling',
  by: 'carol',
  reason: 'counsel, file 12',
}

/** Each row says why it exists. */
test.each<[RecordClass, RetentionClass, readonly Regime[], Partial<RetentionRules>, number, string]>([
  ['skeleton', 'standard', [], {}, 2_557, 'seven years unless configured'],
  ['skeleton', 'standard', [], { days: { skeleton: 400 } }, 400, 'configured'],
  ['skeleton', 'standard', [], { days: { skeleton: 30 } }, 366, 'never under a year'],
  ['skeleton', 'phi', [], { days: { skeleton: 366 } }, 2_557, 'PHI is never under seven years'],
  ['skeleton', 'financial', [], { days: { skeleton: 366 } }, 2_557, 'nor are financial records'],
  ['config', 'phi', [], { days: { config: 366 } }, 2_557, 'nor what people did about them'],
  ['skeleton', 'standard', ['hipaa', 'pci'], { days: { skeleton: 366 } }, 2_192, 'the largest floor wins'],
  ['skeleton', 'standard', ['dpdp'], {}, 366, 'the ceiling beats what is merely wanted'],
  ['skeleton', 'standard', ['cert-in'], { days: { skeleton: 366 }, regimes: ['hipaa'] }, 2_192, 'regimes of the deployment count'],
  ['payload', 'phi', [], {}, 90, 'content is not what the class keeps'],
  ['payload', 'standard', ['dpdp'], {}, 366, 'a floor raises'],
  ['payload', 'standard', ['eu-ai-act'], {}, 184, 'inputs are logs under the AI Act'],
  ['reasoning', 'phi', [], {}, 7, 'short by default (R130)'],
  ['reasoning', 'standard', ['gdpr'], { days: { reasoning: 90 } }, 30, 'a ceiling by jurisdiction (R130)'],
  ['detector', 'standard', ['hipaa'], {}, 30, 'inputs of detectors'],
  ['custody', 'standard', ['dpdp'], { days: { custody: 1 } }, Infinity, 'life of the tenant'],
])('R132 R130: %s of a %s agent under %j with %j is kept %d days: %s', (record, name, regimes, rules, days) => {
  expect(of(record, name, regimes, rules)).toEqual({ days })
})

test('R132: a floor above a ceiling stops, and says between whom', () => {
  const { days, conflict } = of('skeleton', 'standard', ['hipaa', 'dpdp'])
  expect(days).toBe(Infinity)
  expect(conflict).toEqual({ record: 'skeleton', floorOf: 'hipaa', floorDays: 2_192, ceilingOf: 'dpdp', ceilingDays: 366 })
  expect(conflict && explainConflict(conflict)).toContain('a person must choose')
})

test('R132: a person’s choice settles exactly the conflict it names', () => {
  const keep = (choices: readonly RetentionChoice[], regimes: readonly Regime[]) => of('skeleton', 'standard', regimes, { choices })
  expect(keep([DPDP_CHOICE], ['hipaa', 'dpdp'])).toEqual({ days: 366 })
  expect(keep([{ ...DPDP_CHOICE, keep: 'floor' }], ['hipaa', 'dpdp'])).toEqual({ days: 2_192 })
  expect(keep([{ ...DPDP_CHOICE, floorOf: 'pci' }], ['hipaa', 'dpdp']).conflict).toBeDefined()
})

test('R132: no choice goes below seven years for PHI', () => {
  const choices: RetentionChoice[] = [{ ...DPDP_CHOICE, floorOf: 'phi' }]
  expect(of('skeleton', 'phi', ['dpdp'], { choices }).conflict).toMatchObject({ floorOf: 'phi' })
  expect(of('skeleton', 'phi', ['dpdp'], { choices: [{ ...DPDP_CHOICE, floorOf: 'phi', keep: 'floor' }] })).toEqual({ days: 2_557 })
})
