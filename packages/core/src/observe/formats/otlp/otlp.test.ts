import { expect, test } from 'vitest'
import { CONTEXT } from '../../fixtures/context.ts'
import { sampleEvent, sampleEvents } from '../../fixtures/samples.ts'
import { otlpLogs, otlpTraces } from './index.ts'

interface Span {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: { key: string; value: Record<string, unknown> }[]
  links: { traceId: string; spanId: string }[]
  status: { code: number }
}
const span = (name: string): Span | undefined => {
  const text = otlpTraces.format(sampleEvent(name), CONTEXT)
  return text === undefined ? undefined : (JSON.parse(text) as Span)
}
const values = ({ attributes }: Span) => Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

test('R268: a call carried out is one SERVER span with the GenAI and MCP names, as long as the call took', () => {
  const found = span('succeeded') as Span
  expect(found).toMatchObject({ name: 'tools/call pay_invoice', kind: 2, status: { code: 1 } })
  expect(BigInt(found.endTimeUnixNano) - BigInt(found.startTimeUnixNano)).toBe(12_500_000n)
  expect(values(found)).toMatchObject({
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'pay_invoice',
    'gen_ai.agent.id': 'invoices',
    'gen_ai.conversation.id': 's-42',
    'mcp.method.name': 'tools/call',
    'sallyport.audit.index': '5',
  })
})

test('R268: the decision is a child of the call’s span, and the caller’s span only a link', () => {
  const [decision, call] = [span('allowed') as Span, span('succeeded') as Span]
  expect(decision).toMatchObject({ traceId: call.traceId, parentSpanId: call.spanId, kind: 1 })
  expect(decision.spanId).not.toBe(call.spanId)
  expect(decision.links).toMatchObject([{ traceId: '4b'.repeat(16), spanId: 'a1'.repeat(8) }])
})

test('R268: a denied call is a failed SERVER span', () => {
  const denied = span('denied') as Span
  expect(denied).toMatchObject({ kind: 2, status: { code: 2 } })
  expect(denied.parentSpanId).toBeUndefined()
  expect(values(denied)).toMatchObject({
    'error.type': 'policy_denied',
    'sallyport.decision.enforced': 'deny',
    'sallyport.policy.version': '4',
  })
})

test('what is no act has no span', () => expect(span('isolated')).toBeUndefined())

test.each(['00-00000000000000000000000000000000-a1a1a1a1a1a1a1a1-01', 'ff-', 'x'.repeat(600)])('R268: %s is no link', (link) => {
  const event = sampleEvent('denied')
  const text = otlpTraces.format({ ...event, trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), link } }, CONTEXT) ?? ''
  expect((JSON.parse(text) as Span).links).toEqual([])
})

test('R137: logs carry severity numbers and 64-bit numbers as text', () => {
  const text =
    otlpLogs.batch?.join(
      sampleEvents().map((event) => otlpLogs.format(event, CONTEXT) ?? ''),
      CONTEXT,
    ) ?? ''
  const body = JSON.parse(text) as {
    resourceLogs: {
      resource: object
      scopeLogs: { logRecords: { severityNumber: number; timeUnixNano: string; eventName: string }[]; schemaUrl: string }[]
    }[]
  }
  const [scope] = body.resourceLogs[0]?.scopeLogs ?? []
  expect(scope?.schemaUrl).toBe('https://opentelemetry.io/schemas/gen-ai/1.42.0')
  expect(scope?.logRecords).toHaveLength(sampleEvents().length)
  for (const record of scope?.logRecords ?? []) expect(record.timeUnixNano).toMatch(/^[1-9][0-9]{18}$/)
  expect(scope?.logRecords.find(({ eventName }) => eventName === 'sallyport.agent.isolated')?.severityNumber).toBe(21)
})

test('R137: the version switch changes the schema URL', () => {
  expect(otlpLogs.batch?.join([], { ...CONTEXT, conventions: '1.36.0' })).toContain('https://opentelemetry.io/schemas/1.36.0')
})
