import { expect, test } from 'vitest'
import { CONTEXT } from '../fixtures/context.ts'
import { ORIGIN, sampleEvent, sampleEvents } from '../fixtures/samples.ts'
import { SecurityEvent } from '../security-event.ts'
import { cloudevents } from './cloudevents/index.ts'
import { ecs } from './ecs/index.ts'

const parsed = (text: string | undefined) => JSON.parse(text ?? '') as Record<string, never>

/** Values ECS 9.4 allows. @see https://www.elastic.co/docs/reference/ecs/ecs-allowed-values-event-category */
const ECS_CATEGORIES =
  'api authentication configuration database driver email file host iam intrusion_detection library malware network package process registry session threat vulnerability web'
const ECS_TYPES =
  'access admin allowed change connection creation deletion denied device end error group indicator info installation protocol start user'

test.each(sampleEvents().map((event) => [event.kind, event] as const))('R137: ECS %s uses allowed values only', (_, event) => {
  const { event: fields } = parsed(ecs.format(event, CONTEXT)) as unknown as {
    event: { kind: string; category: string[]; type: string[]; outcome: string }
  }
  expect(['alert', 'event']).toContain(fields.kind)
  for (const one of fields.category) expect(ECS_CATEGORIES.split(' ')).toContain(one)
  for (const one of fields.type) expect(ECS_TYPES.split(' ')).toContain(one)
  expect(['success', 'failure', 'unknown']).toContain(fields.outcome)
})

test('R137: ECS holds place, rule, agent and trace', () => {
  const event = sampleEvent('denied')
  expect(parsed(ecs.format(event, CONTEXT))).toMatchObject({
    '@timestamp': event.time,
    ecs: { version: '9.4.0' },
    event: {
      id: event.id,
      kind: 'event',
      category: ['api'],
      type: ['access', 'denied'],
      outcome: 'failure',
      sequence: 1,
      hash: event.log.leafHash,
      reason: 'recipient_not_allowed',
    },
    rule: { id: 'domains', version: '4' },
    gen_ai: { agent: { id: 'invoices' }, tool: { name: 'pay_invoice' } },
    trace: { id: event.trace?.traceId },
    sallyport: { log: { origin: ORIGIN, index: 1, leaf_hash: event.log.leafHash } },
  })
  expect(parsed(ecs.format(sampleEvent('alert'), CONTEXT))).toMatchObject({ event: { kind: 'alert', risk_score: 47 } })
})

test('R137: CloudEvents has the required attributes, lower-case extensions and the whole event', () => {
  for (const event of sampleEvents()) {
    const record = parsed(cloudevents.format(event, CONTEXT))
    expect(record).toMatchObject({
      specversion: '1.0',
      id: event.id,
      time: event.time,
      logindex: event.log.index,
      leafhash: event.log.leafHash,
    })
    for (const name of Object.keys(record)) expect(name).toMatch(/^[a-z0-9]{1,20}$/)
    expect(SecurityEvent.parse(record['data'])).toEqual(event)
  }
})
