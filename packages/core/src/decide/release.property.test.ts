import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json } from '../model/json.ts'
import { filterRows } from './filter-rows.ts'
import { projectFields } from './project-fields.ts'

const NAMES = ['name', 'rating', 'contact', 'mail', 'iban', 'rows', 'department'] as const
/** Every single value is unique, so that what comes out can be traced to where it was. */
const { value: anyValue } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.uuid(),
    fc.constantFrom('facilities', 'finance'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))
const anyFields = fc.uniqueArray(fc.constantFrom('name', 'rating', 'contact.mail', 'contact'), { minLength: 1 })

/** Paths of names, list positions left out, of every single value. */
function leaves(value: Json | undefined, path: readonly string[] = []): string[][] {
  if (Array.isArray(value)) return (value as Json[]).flatMap((item) => leaves(item, path))
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, member]) => leaves(member as Json, [...path, key]))
  return [[...path, String(value)]]
}

test('R030 law: projection never yields a value outside the granted fields', () => {
  fc.assert(
    fc.property(anyValue, anyFields, (value, fields) => {
      for (const path of leaves(projectFields(value, fields)?.value ?? {})) {
        const joined = `.${path.slice(0, -1).join('.')}.`
        expect(fields.some((field) => joined.includes(`.${field}.`))).toBe(true)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('R030 law: projection invents nothing, and a second one changes nothing', () => {
  fc.assert(
    fc.property(anyValue, anyFields, (value, fields) => {
      const projected = projectFields(value, fields)
      if (!projected) return
      const before = new Set(leaves(value).map((path) => path.join('.')))
      for (const path of leaves(projected.value)) expect(before.has(path.join('.'))).toBe(true)
      expect(projectFields(projected.value, fields)?.value).toEqual(projected.value)
    }),
    { numRuns: 2_000 },
  )
})

test('R046 law: no record that names another entity survives', () => {
  const foreign = (value: Json | undefined): boolean => {
    if (Array.isArray(value)) return (value as Json[]).some(foreign)
    if (typeof value !== 'object' || value === null) return false
    const own = value as Record<string, Json>
    return ('department' in own && own['department'] !== 'facilities') || Object.values(own).some(foreign)
  }
  fc.assert(
    fc.property(anyValue, (value) => {
      const filtered = filterRows(value, { department: 'facilities' })
      expect(filtered.ok && foreign(filtered.value)).toBe(false)
    }),
    { numRuns: 2_000 },
  )
})
