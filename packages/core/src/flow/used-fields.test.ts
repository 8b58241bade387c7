import { describe, expect, test } from 'vitest'
import { projectFields } from '../decide/project-fields.ts'
import type { Json } from '../model/json.ts'
import { normalText } from './normal-text.ts'
import { fieldValues, isJudged, usedFields } from './used-fields.ts'

const fieldsOf = (value: Json): string[] => [...new Set([...fieldValues(value)].map(({ field }) => field))]

describe('R228: fields of a result', () => {
  test.each<[string, Json, readonly string[]]>([
    ['an object', { name: 'Ada', address: { city: 'Oslo' } }, ['name', 'address.city']],
    ['rows', [{ name: 'Ada' }, { name: 'Bo', age: 7 }], ['name', 'age']],
    ['rows in a container', { result: { rows: [{ name: 'Ada', tags: ['a', 'b'] }] } }, ['name', 'tags']],
    ['rows in a row', { patient: 'P-7', history: [{ on: '2019-03-01' }] }, ['patient', 'history.on']],
    ['a name that could be a value', { '+4712345678': true }, ['?']],
    ['one value', 'Ada', ['']],
  ])('of %s', (_, value, fields) => expect(fieldsOf(value)).toEqual(fields))

  test.each<[Json]>([
    [{ result: { rows: [{ name: 'Ada', tags: ['a'] }] } }],
    [{ patient: 'P-7', history: [{ on: '2019-03-01', note: 'x' }] }],
  ])('are named as a grant names them: %j', (value) => {
    for (const field of fieldsOf(value)) expect(projectFields(value, [field])?.value, field).toBeTruthy()
    expect(projectFields(value, fieldsOf(value))?.removed).toBe(0)
  })

  test('are used when a value of them stands in what was said, whole', () => {
    const values = [...fieldValues({ name: 'Ada Holm', mail: 'ada@acme.example', city: 'Oslo', age: 41, note: 'x'.repeat(300) })]
    const known = values.map(({ field, text }) => ({ field, text: normalText(text) }))
    const used = (said: string) => [...usedFields(said, known)].map(({ field }) => field)
    expect(used('Send it to ADA@acme.example, please')).toEqual(['mail'])
    expect(used('in Oslofjord, to xada@acme.example')).toEqual([])
    expect(used('Oslo')).toEqual(['city'])
    expect(values.filter((value) => !isJudged(value)).map(({ field }) => field)).toEqual(['age', 'note'])
  })
})
