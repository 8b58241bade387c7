import { expect, test } from 'vitest'
import { DATA_CLASSES } from '../../model/content-class.ts'
import { IDENTIFIER_TYPES } from './identifier-types.ts'

test('R226: every type has a plain code, a class that content is kept by, and a source', () => {
  for (const [code, type] of Object.entries(IDENTIFIER_TYPES)) {
    expect(code).toMatch(/^[a-z]+(?:_[a-z]+)*$/)
    expect(DATA_CLASSES).toContain(type.class)
    expect(type.source.length).toBeGreaterThan(3)
  }
})
test('what a checksum backs weighs most', () => {
  const backed = Object.entries(IDENTIFIER_TYPES).filter(([code, type]) => 'checksum' in type && code !== 'br_cnpj')
  expect(backed.length).toBeGreaterThan(15)
  for (const [, type] of backed) expect(type.severity).toBe('high')
})
