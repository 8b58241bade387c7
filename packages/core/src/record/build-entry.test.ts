import { expect, test } from 'vitest'
import { ENTRY_BYTES_MAX, type EntryBody } from '../model/entry.ts'
import { buildEntry } from './build-entry.ts'
import { bodyAt } from './fixtures/memory-log.ts'
import { parseEntry } from './parse-entry.ts'
import { fromUtf8 } from './text.ts'

const AT = { index: 7, nowMs: Date.UTC(2026, 10, 21, 3, 40, 0, 5), lastMs: 0 }

test('R115 R118 R119 R120 R121: an entry is numbered, dated in UTC and reads back from its canonical bytes', () => {
  const { entry, bytes } = buildEntry(bodyAt(0), AT)
  expect(entry).toMatchObject({
    v: 1,
    index: 7,
    time: '2026-11-21T03:40:00.005Z',
    actor: { id: 'agent-a' },
    session: 's-1',
    onBehalfOf: 'system',
  })
  expect(parseEntry(bytes)).toEqual({ entry })
  expect(fromUtf8(bytes)?.startsWith('{"act":"act-0","action":{"digest":')).toBe(true)
})

test('R123 R124 R126 R128: what was decided and why, by which rules, what the detectors saw and what changed are in the leaf', () => {
  const votes = [{ rule: 'manifest', effect: 'allow' as const, reason: 'granted', mode: 'enforce' as const }]
  const findings = [{ detector: 'aws-key', code: 'found', severity: 'high', path: '/note', start: 0, end: 20 }]
  const decision = buildEntry({ ...bodyAt(0), votes, findings } as EntryBody, AT)
  expect(parseEntry(decision.bytes)).toMatchObject({
    entry: { action: { server: 'erp', name: 'read' }, reasons: ['granted'], votes, findings },
  })
  const outcome = buildEntry({ ...bodyAt(1), effect: 'unconfirmed' } as EntryBody, AT)
  expect(parseEntry(outcome.bytes)).toMatchObject({ entry: { decision: 0, status: 'success', effect: 'unconfirmed' } })
})

test('R118: time never runs backwards, whatever the clock says', () => {
  expect(buildEntry(bodyAt(0), { ...AT, lastMs: AT.nowMs + 5_000 }).entry.time).toBe('2026-11-21T03:40:05.005Z')
})

test('R122 R125: an entry over the limit loses its structures and keeps its commitments', () => {
  const wide = Object.fromEntries(Array.from({ length: 4_000 }, (_, i) => [`field${i}x`, 'string(3)']))
  const decision = { ...bodyAt(0), input: { commitment: 'ab', bytes: 9, shape: wide } } as EntryBody
  expect(buildEntry(decision, AT).entry).toMatchObject({ input: { commitment: 'ab', bytes: 9 } })
  expect(buildEntry(decision, AT).entry).not.toHaveProperty('input.shape')
  const outcome = { ...bodyAt(1), output: { commitment: 'cd', bytes: 9, shape: wide } } as EntryBody
  const built = buildEntry(outcome, AT)
  expect(built.entry).not.toHaveProperty('output.shape')
  expect(built.bytes.length).toBeLessThanOrEqual(ENTRY_BYTES_MAX)
})

test('R115: an entry over the limit even so is an error, not a shorter record', () => {
  const huge = { ...bodyAt(0), reasons: ['x'.repeat(ENTRY_BYTES_MAX)] } as EntryBody
  expect(() => buildEntry(huge, AT)).toThrow(expect.objectContaining({ code: 'AUDIT_ENTRY_TOO_LARGE' }))
})

test('the largest entry that fits is taken, one byte more is not', () => {
  const admin = (length: number): EntryBody => ({
    type: 'admin',
    actor: { type: 'system', id: 'x'.repeat(length) },
    verb: 'v',
    outcome: 'done',
    detail: {},
  })
  const spare = ENTRY_BYTES_MAX - buildEntry(admin(0), AT).bytes.length
  expect(buildEntry(admin(spare), AT).bytes.length).toBe(ENTRY_BYTES_MAX)
  expect(() => buildEntry(admin(spare + 1), AT)).toThrow('65535')
})

test.each([
  [Uint8Array.of(0xc0, 0xaf), 'not valid UTF-8'],
  [new TextEncoder().encode('{"a":1'), 'not valid JSON'],
  [new TextEncoder().encode('{"b":1,"a":2}'), 'not in canonical form'],
  [new TextEncoder().encode('[]'), 'does not fit the schema of entries'],
  [new TextEncoder().encode('['.repeat(60_000)), 'not valid JSON'],
  [new Uint8Array(ENTRY_BYTES_MAX + 1), 'over the size limit'],
] as const)('leaf %# is refused', (bytes, fault) => {
  expect(parseEntry(bytes)).toEqual({ fault })
})

test('text of any script survives, and every malformed UTF-8 is refused', () => {
  const text = 'naïve % 日本 𝒳 \u0000'
  expect(fromUtf8(new TextEncoder().encode(text))).toBe(text)
  for (const bad of [[0x80], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe0, 0x80, 0x80]])
    expect(fromUtf8(Uint8Array.from(bad))).toBeUndefined()
})
