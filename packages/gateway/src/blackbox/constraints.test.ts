import type { JsonObject } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectRefused } from '../fixtures/expect-refused.ts'
import { type Governed, govern } from '../fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, structured, text, tool } from '../fixtures/recording-server.ts'

const inputSchema = {
  type: 'object',
  properties: { id: { type: 'integer', minimum: 1, maximum: 999 }, note: { type: 'string', maxLength: 10 } },
  required: ['id'],
}
const ROWS = [
  { name: 'Desk', department: 'finance', salary: 5_000 },
  { name: 'Lamp', department: 'facilities', salary: 6_000 },
]
const tools = {
  strict: tool('strict', () => text('strict done'), { inputSchema }),
  rows: tool('rows', () => structured({ items: ROWS })),
  prose: tool('prose', () => text('salary 5000, in prose')),
  failing: tool('failing', () => ({ ...text('salary 5000, in an error'), isError: true })),
  chatty: tool('chatty', ({ message, response, params }) => {
    const { progressToken } = params['_meta'] as JsonObject
    const line = (value: object) => `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...value })}\n\n`
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(
      line({ method: 'notifications/progress', params: { progressToken, progress: 1, message: 'salary 5000, while working' } }),
    )
    response.end(line({ id: message['id'], result: { resultType: 'complete', ...structured({ items: ROWS }) } }))
    return undefined
  }),
  store: tool('store', () => structured({ department: 'finance', stored: true })),
  mail: tool('mail', () => text('drafted')),
}
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools: Object.values(tools) })
  const read = { scope: 'read', tier: 'low' }
  const task = {
    tools: {
      'erp.strict': { ...read, args: { properties: { id: { maximum: 100 } } } },
      'erp.rows': { ...read, entities: { department: '$user.department' }, fields: ['name', 'department'] },
      'erp.prose': { ...read, fields: ['name'] },
      'erp.failing': { ...read, fields: ['name'] },
      'erp.chatty': { ...read, fields: ['name'] },
      'erp.store': { scope: 'write', tier: 'low', entities: { department: 'finance' } },
      'erp.mail': { scope: 'write', tier: 'low', domains: ['company.com', '*.partner.example'] },
    },
  }
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: {
      erp: Object.values(tools).map(
        ({ definition }) => [definition, ['store', 'mail'].includes(definition.name) ? 'write' : 'read'] as const,
      ),
    },
    agents: {
      clerk: { tasks: { work: task } },
      observed: { tasks: { work: task }, manifest: { observe: ['args', 'domains', 'fields', 'entities', 'rateLimit'] } },
    },
  })
})
afterAll(async () => {
  await governed.close()
  await server.close()
})

const clerk = () => governed.client('clerk', 'work')

describe('arguments', () => {
  test.each<[JsonObject, string, string]>([
    [{ id: 'seven' }, '/id', 'wrong type'],
    [{ id: 7, extra: true }, '/extra', 'undeclared property'],
    [{ id: 1_000 }, '/id', 'out of range'],
    [{ id: 7, note: 'x'.repeat(11) }, '/note', 'too long'],
    [{}, '', 'missing'],
    [{ id: 101 }, '/id', 'outside the range of the grant'],
    [{ id: 7.5 }, '/id', 'not an integer'],
  ])('R042: %j is denied with the path %j: %s', async (args, path) => {
    const { answer, entry } = await expectRefused(governed, server, {
      call: () => clerk().call('erp__strict', args),
      reason: 'args_invalid',
    })
    expect(answer.said).toContain(`${path}: `)
    expect(entry.votes.find((vote) => vote.reason === 'args_invalid')?.detail).toMatch(new RegExp(`^${path}: `))
  })

  test('R042: valid arguments reach the server unchanged', async () => {
    const args = { id: 100, note: 'a/ü€😀"' }
    expect((await clerk().call('erp__strict', args)).said).toBe('strict done')
    expect(server.requests.at(-1)?.body?.['params']).toEqual(expect.objectContaining({ arguments: args }))
  })
})

describe('entities and fields', () => {
  const asUser = async (user: string) => {
    const { token } = await governed.control(user, 'session.create', { agent: 'clerk', task: 'work' })
    return (options: JsonObject) => clerk().call('erp__rows', options, { headers: { authorization: `Bearer ${String(token)}` } })
  }

  test('R029 R030 R046: rows and fields are those of the verified user, in every form of the result', async () => {
    const call = await asUser('bob')
    const { result, text: body } = await call({})
    expect(result?.['structuredContent']).toEqual({ items: [{ name: 'Desk', department: 'finance' }] })
    expect(body).not.toMatch(/Lamp|salary|5000|6000/)
    const outcome = (await governed.entries()).findLast((entry) => entry.type === 'outcome')
    expect(outcome?.reasons).toEqual(expect.arrayContaining(['fields_projected', 'rows_filtered']))
    expect((await (await asUser('alice'))({})).result?.['structuredContent']).toEqual({
      items: [{ name: 'Lamp', department: 'facilities' }],
    })
  })

  test('R029: another department in the arguments is denied, wherever it stands', async () => {
    const call = await asUser('bob')
    for (const args of [
      { department: 'facilities' },
      { filter: { department: 'facilities' } },
      { any: [{ department: 'facilities' }] },
      { department: ['finance', 'facilities'] },
      { department: null },
    ]) {
      await expectRefused(governed, server, { call: () => call(args), reason: 'entity_mismatch' })
    }
    expect((await call({ department: 'finance' })).result?.['isError']).toBeUndefined()
  })

  test('R029: without a verified user nothing can be bound, so it is denied; a claimed user is no user', async () => {
    const headers = { 'x-user': 'bob', 'x-forwarded-user': 'bob', 'x-department': 'finance' }
    await expectRefused(governed, server, {
      call: () => clerk().call('erp__rows', { user: 'bob', department: 'finance' }, { headers }),
      reason: 'entity_unresolved',
    })
  })

  test('R029: a write must name the bound record', async () => {
    await expectRefused(governed, server, { call: () => clerk().call('erp__store', {}), reason: 'entity_missing' })
    await expectRefused(governed, server, {
      call: () => clerk().call('erp__store', { department: 'sales' }),
      reason: 'entity_mismatch',
    })
    expect((await clerk().call('erp__store', { department: 'finance' })).result?.['structuredContent']).toEqual({
      department: 'finance',
      stored: true,
    })
  })

  test('R030: what cannot be reduced to the granted fields is withheld, and the record says so', async () => {
    const answer = await clerk().call('erp__prose')
    expect(answer.refusal?.reasons).toEqual(['result_not_projectable'])
    expect(answer.text).not.toContain('salary')
    const outcome = (await governed.entries()).findLast((entry) => entry.type === 'outcome')
    expect(outcome).toMatchObject({ status: 'withheld', decision: answer.refusal?.entry })
  })

  test('R030: neither an error of the tool nor its progress carries what the fields leave out', async () => {
    expect((await clerk().call('erp__failing')).text).not.toContain('salary')
    const { text: body, messages } = await clerk().call('erp__chatty', {}, { meta: { progressToken: 'p' } })
    expect(messages.some((message) => message['method'] === 'notifications/progress')).toBe(true)
    expect(body).not.toContain('salary')
  })
})

describe('domains', () => {
  test.each([
    'x@company.com.evil.io',
    'x@evilcompany.com',
    'x@sub.company.com',
    '"a@company.com"@evil.io',
    'x@company.com@evil.io',
    'x@cоmpany.com',
    'x@company.com, y@evil.io',
    'x@company.com;y@evil.io',
    'x@company.com\r\nbcc: y@evil.io',
    'Company <y@evil.io>',
    'x@[127.0.0.1]',
    'x@partner.example',
    'https://company.com@evil.io/',
    'https://evil.io/?to=company.com',
    '//evil.io/x',
    'https://company.com.evil.io/',
    'x%40company.com@evil.io',
    'x@company.com\u200b.evil.io',
    'y＠evil.io',
    'mailto:x@company.com?cc=y@evil.io',
  ])('R031: the recipient %j is denied', async (to) => {
    const call = () => clerk().call('erp__mail', { to })
    const answer = await call()
    const reason = answer.refusal?.reasons.find((one) => one.startsWith('recipient_'))
    expect(['recipient_not_allowed', 'recipient_unparseable']).toContain(reason)
    await expectRefused(governed, server, {
      call,
      reason: reason === 'recipient_unparseable' ? 'recipient_unparseable' : 'recipient_not_allowed',
    })
  })

  test.each([
    { to: 'x@company.com' },
    { to: ['x@company.com', 'y@COMPANY.com'] },
    { to: 'a@mail.partner.example' },
    { to: 'X <x@company.com>', body: 'hello' },
  ])('R031: %j is allowed', async (args) => {
    expect((await clerk().call('erp__mail', args)).said).toBe('drafted')
  })

  test.each([{ cc: 'y@evil.io' }, { bcc: ['y@evil.io'] }, { headers: { 'Reply-To': 'y@evil.io' } }, { link: 'https://evil.io/x' }])(
    'R031: an outsider in %j beside a granted recipient is denied',
    async (more) => {
      await expectRefused(governed, server, {
        call: () => clerk().call('erp__mail', { to: 'x@company.com', ...more }),
        reason: 'recipient_not_allowed',
      })
    },
  )
})

describe('observe mode', () => {
  test('R042 R123: a rule that is observed lets the call pass and records both answers', async () => {
    const answer = await governed.client('observed', 'work').call('erp__strict', { id: 101 })
    expect(answer.said).toBe('strict done')
    const decision = (await governed.entries()).findLast((entry) => entry.type === 'decision')
    expect(decision).toMatchObject({ evaluated: 'deny', enforced: 'allow' })
    expect(decision?.votes).toContainEqual(
      expect.objectContaining({ rule: 'args', effect: 'deny', mode: 'observe', reason: 'args_invalid' }),
    )
  })

  test('R031: observed domains are recorded and sent; the tool’s own schema still enforces', async () => {
    expect((await governed.client('observed', 'work').call('erp__mail', { to: 'y@evil.io' })).said).toBe('drafted')
    expect((await governed.entries()).findLast((entry) => entry.type === 'decision')).toMatchObject({
      evaluated: 'deny',
      enforced: 'allow',
    })
    await expectRefused(governed, server, {
      call: () => governed.client('observed', 'work').call('erp__strict', { id: 'x' }),
      reason: 'args_invalid',
    })
  })
})
