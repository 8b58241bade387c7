import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../model/bytes.ts'
import type { StoredEntry } from '../record/read-entries.ts'
import type { Format } from './define-format.ts'
import { anyEntry, stored } from './fixtures/any-entry.ts'
import { CONTEXT } from './fixtures/context.ts'
import { toEvents } from './to-events.ts'

/** What must not reach a line reader or a terminal raw. */
// oxlint-disable-next-line no-control-regex -- finding control characters is the point
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

/** An entry of this verb with as much of this detail as fits. */
function largest(verb: string, detail: Readonly<Record<string, readonly string[]>>): StoredEntry {
  const actor = { type: 'user' as const, id: 'bob' }
  for (let count = Object.keys(detail).length; ; count--) {
    const some = Object.fromEntries(
      Object.entries(detail)
        .slice(0, count)
        .map(([name, texts]) => [name, [...texts]]),
    )
    const entry = stored({ type: 'admin', actor, verb, target: 'x', outcome: 'done', detail: some }, 1)
    if (entry) return entry
  }
}

/** What every format owes: any entry, the same answer each time, one bounded line, the place in the log. */
export function formatContract(format: Format): void {
  describe(`format ${format.id}`, () => {
    test('R137: writes any entry the log can hold as one bounded line without control characters, and is pure', () => {
      fc.assert(
        fc.property(anyEntry, (entry) => {
          for (const event of toEvents(entry, { origin: 'sallyport/test' })) {
            const record = format.format(event, CONTEXT)
            expect(format.format(event, CONTEXT)).toBe(record)
            if (record === undefined) continue
            expect(record).not.toMatch(CONTROL)
            expect(record.isWellFormed()).toBe(true)
            expect(utf8(record).length).toBeLessThanOrEqual(format.bytesMax)
            expect(record).toContain(String(event.log.index))
            expect(record).toContain(event.log.leafHash)
          }
        }),
        { numRuns: 300 },
      )
    })
    test.each(['\u007f', '"', '\u0001', '\u2028', '\\'])('R137: the largest entry, full of %j, is within the bound', (char) => {
      const detail = Object.fromEntries(
        Array.from({ length: 10 }, (_, i) => [`m${i}`, Array.from({ length: 20 }, () => char.repeat(300))]),
      )
      const sizes = (['tools.approve', 'log.gap', 'agent.create'] as const).flatMap((verb) => {
        const most = largest(verb, detail)
        return toEvents(most, { origin: 'sallyport/test' }).map((event) => utf8(format.format(event, CONTEXT) ?? '').length)
      })
      expect(Math.max(...sizes)).toBeLessThanOrEqual(format.bytesMax)
    })
    test('R137: a batch holds every record', () => {
      fc.assert(
        fc.property(fc.array(anyEntry, { minLength: 1, maxLength: 5 }), (entries) => {
          const records = entries
            .flatMap((entry) => toEvents(entry, { origin: 'sallyport/test' }))
            .map((event) => format.format(event, CONTEXT))
            .filter((record) => record !== undefined)
          const batch = format.batch?.join(records, CONTEXT) ?? records.join('\n')
          for (const record of records) expect(batch).toContain(record)
          if (format.batch) expect(() => JSON.parse(batch)).not.toThrow()
        }),
        { numRuns: 30 },
      )
    })
  })
}
