import { expect, test } from 'vitest'
import { parseManifest } from '../decide/parse-manifest.ts'

const PLAIN = { apiVersion: 'sallyport/v1', agent: 'a', owner: 'o', purpose: 'p' }
const granting = (grant: object): object => ({ work: { tools: { 'ehr.read': { scope: 'read', tier: 'low', ...grant } } } })

test('R132: an agent with a retention class that does not exist is not taken', () => {
  for (const retention of [{ class: 'short' }, { class: '' }, {}])
    expect(() => parseManifest({ ...PLAIN, retention })).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  expect(parseManifest({ ...PLAIN, retention: { class: 'phi' } }).retention).toEqual({ class: 'phi', regimes: [] })
})

test('R132: an agent whose grants handle or keep health data is of class phi or not taken', () => {
  for (const grant of [{ classes: ['phi'] }, { keep: { input: true, class: 'phi' } }]) {
    const tasks = granting(grant)
    for (const retention of [undefined, { class: 'standard' }, { class: 'financial' }])
      expect(() => parseManifest({ ...PLAIN, tasks, ...(retention && { retention }) })).toThrowError(/retention.*must be phi/s)
    expect(() => parseManifest({ ...PLAIN, tasks, retention: { class: 'phi' } })).not.toThrow()
  }
})

test('R132: a manifest from before there were retention classes keeps its content, and with it its signatures', () => {
  expect(Object.keys(parseManifest(PLAIN))).not.toContain('retention')
})
