import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyEntry } from '../../fixtures/any-entry.ts'
import { CONTEXT } from '../../fixtures/context.ts'
import { ORIGIN, sampleEvent, sampleEvents } from '../../fixtures/samples.ts'
import type { SecurityEvent } from '../../security-event.ts'
import { toEvents } from '../../to-events.ts'
import { ocsf } from './index.ts'

const schema = JSON.parse(readFileSync(new URL('fixtures/ocsf-1.8.0.schema.json', import.meta.url), 'utf8')) as { $defs: object }
const ajv = new Ajv({ strict: false, allErrors: true }).addSchema(schema, 'ocsf')

function written(event: SecurityEvent): Record<string, unknown> {
  return JSON.parse(ocsf.format(event, CONTEXT) ?? '') as Record<string, unknown>
}

function faults(record: Record<string, unknown>): unknown[] {
  const validate = ajv.getSchema(`ocsf#/$defs/${String(record['class_uid'])}`)
  if (!validate) return [`no class ${String(record['class_uid'])}`]
  void validate(record)
  return validate.errors ?? []
}

test.each(sampleEvents().map((event) => [event.kind, event] as const))('R137: %s validates against OCSF 1.8.0', (_, event) => {
  expect(faults(written(event))).toEqual([])
})

test('R137: any entry validates against OCSF 1.8.0', () => {
  fc.assert(
    fc.property(anyEntry, (entry) => {
      for (const event of toEvents(entry, { origin: ORIGIN })) expect(faults(written(event))).toEqual([])
    }),
    { numRuns: 300 },
  )
})

test.each(['valueOf', 'constructor', '__proto__'])(
  'R137: a verb named like a member of every object, %s, is only a name',
  (verb) => {
    const entry = {
      v: 1,
      index: 0,
      time: '2026-01-01T00:00:00.000Z',
      type: 'admin',
      actor: { type: 'system', id: 'x' },
      verb,
      outcome: 'done',
      detail: {},
    } as const
    for (const event of toEvents({ index: 0, bytes: new Uint8Array(), entry }, { origin: ORIGIN }))
      expect(faults(written(event))).toEqual([])
  },
)

describe('the schema refuses what is not OCSF', () => {
  const good = written(sampleEvent('denied'))
  test.each([
    ['an unknown member', { ...good, verdict: 'deny' }],
    ['a severity that does not exist', { ...good, severity_id: 7 }],
    ['a class that is not its type', { ...good, type_uid: 200_401 }],
    ['no time', { ...good, time: undefined }],
    ['no source', { ...good, src_endpoint: undefined }],
    ['an actor without a name', { ...good, actor: {} }],
  ])('R137: %s', (_, record) => expect(faults(JSON.parse(JSON.stringify(record)) as Record<string, unknown>)).not.toEqual([]))
})

test.each([
  [
    'denied',
    0,
    {
      class_uid: 6003,
      type_uid: 600_399,
      action_id: 2,
      disposition_id: 2,
      status_id: 2,
      status_code: 'recipient_not_allowed',
      severity_id: 3,
    },
  ],
  ['allowed', 0, { type_uid: 600_399, action_id: 1, disposition_id: 1, status_id: 1, severity_id: 1 }],
  ['held', 0, { disposition_id: 14 }],
  ['observed', 0, { action_id: 3, disposition_id: 17 }],
  ['reduced', 0, { action_id: 4, disposition_id: 11 }],
  ['read', 0, { type_uid: 600_302 }],
  ['injected', 1, { class_uid: 2004, type_uid: 200_401, is_alert: true, severity_id: 4 }],
  ['isolated', 0, { class_uid: 3004, type_uid: 300_412, severity_id: 5, comment: 'strange\npayments | a=b' }],
  ['released', 0, { type_uid: 300_413 }],
  ['session', 0, { class_uid: 3003, type_uid: 300_301, privileges: ['task:pay'] }],
  ['signed', 0, { type_uid: 300_410 }],
  ['created', 0, { type_uid: 300_401 }],
  ['started', 0, { class_uid: 6002, type_uid: 600_203 }],
  ['alert', 0, { class_uid: 2004, is_alert: true, message: '20 denied acts in 60 s' }],
])('R137: %s, part %i has the members of its class', (name, part, members) => {
  expect(written(sampleEvent(name, part))).toMatchObject(members)
})

test('R137: ids, place and trace are where OCSF wants them', () => {
  const event = sampleEvent('denied')
  expect(written(event)).toMatchObject({
    metadata: { uid: event.id, sequence: event.log.index, log_name: ORIGIN, correlation_uid: 'act-7', version: '1.8.0' },
    raw_data_hash: { algorithm_id: 3, value: event.log.leafHash },
    trace: { uid: event.trace?.traceId, span: { uid: event.trace?.spanId } },
    actor: { app_uid: 'invoices', user: { uid: 'alice' }, session: { uid: 's-42' } },
  })
})
