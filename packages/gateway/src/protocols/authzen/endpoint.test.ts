import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Foreseen, GatewayError, type Principal } from '@sallyport/core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openByteBudget } from '../../byte-budget.ts'
import { about, type AuthzenAsk, askAuthzen } from '../../fixtures/ask-authzen.ts'
import { EVALUATIONS_MAX } from './decode.ts'
import { type CallAsked, createAuthzenEndpoint } from './endpoint.ts'

const alice = { id: 'alice', issuer: 'https://idp.example', attributes: {} }
const clerk: Principal = { agent: 'clerk', credential: 'k1', method: 'agent_key', session: 's', epoch: 0, user: alice }
const permit: Foreseen = { effect: 'allow', entry: 7, reasons: ['granted'], details: [], obligations: [] }
const deny: Foreseen = { effect: 'deny', entry: 8, reasons: ['tool_not_in_manifest'], details: [], obligations: [] }

let server: Server
let asked: CallAsked[]
let refused: string[]
let foresee: (call: CallAsked) => Promise<Foreseen>
let url = ''
const bytes = openByteBudget(1_000_000)

beforeAll(async () => {
  const endpoint = createAuthzenEndpoint({
    authenticate: async (authorization) => {
      if (authorization === undefined) throw new GatewayError('IDENTITY_MISSING', 'no credential')
      return clerk
    },
    foresee: (call) => {
      asked.push(call)
      return foresee(call)
    },
    publicUrl: () => 'https://gateway.example',
    approvalUrl: (id) => `https://console.example/approvals/${id}`,
    bytes,
    bodyBytesMax: 10_000,
    refusals: { record: async ({ error }) => refused.push(error.code) },
    log: () => undefined,
  })
  server = createServer((request, response) => void endpoint(request, response, request.url ?? ''))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))
beforeEach(() => {
  asked = []
  refused = []
  foresee = async ({ name }) => (name.startsWith('good') ? permit : deny)
})

const ask = (body: Parameters<typeof askAuthzen>[1], how: AuthzenAsk = {}) => askAuthzen(url, body, { secret: 'key', ...how })
const batch = (names: readonly string[], semantic?: string) =>
  ask(
    {
      subject: { type: 'agent', id: 'clerk' },
      action: { name: 'tool.call' },
      context: { arguments: { of: 'all' } },
      evaluations: names.map((id) => ({ resource: { type: 'tool', id } })),
      ...(semantic !== undefined && { options: { evaluations_semantic: semantic } }),
    },
    { path: '/access/v1/evaluations' },
  )
const decisions = ({ json }: Awaited<ReturnType<typeof batch>>) =>
  (json['evaluations'] as unknown as { decision: boolean }[]).map(({ decision }) => decision)

describe('one evaluation', () => {
  test('a permit and a deny are both answered with 200, with the reasons agents get', async () => {
    expect(await ask(about('clerk', 'good', { a: 1 }))).toMatchObject({
      status: 200,
      json: { decision: true, context: { entry: 7 } },
    })
    expect(asked[0]).toMatchObject({ name: 'good', args: { a: 1 }, principal: clerk })
    const { status, json } = await ask(about('clerk', 'bad'))
    expect([status, json]).toEqual([
      200,
      { decision: false, context: { effect: 'deny', entry: 8, reasons: ['tool_not_in_manifest'] } },
    ])
  })

  test('R148: an act that waits for people is no permit, and says where they are asked', async () => {
    foresee = async () => ({
      ...deny,
      effect: 'require_approval',
      reasons: ['approval_required'],
      waiting: { id: 'apr-1', expiresMs: 9 },
    })
    expect((await ask(about('clerk', 'pay'))).json).toMatchObject({
      decision: false,
      context: {
        effect: 'require_approval',
        approval: { status: 'pending_approval', id: 'apr-1', expiresMs: 9, url: 'https://console.example/approvals/apr-1' },
      },
    })
  })

  test('what a permitted act would be done under is said with the permit', async () => {
    foresee = async () => ({ ...permit, obligations: ['redact'] })
    expect((await ask(about('clerk', 'good'))).json).toMatchObject({ decision: true, context: { obligations: ['redact'] } })
  })

  test.each([
    [{ type: 'agent', id: 'other' }, 403],
    [{ type: 'user', id: 'bob' }, 403],
    [{ type: 'user', id: 'alice', properties: { issuer: 'https://other.example' } }, 403],
    [{ type: 'user', id: 'alice', properties: { issuer: 'https://idp.example', admin: true } }, 200],
    [{ type: 'user', id: 'alice' }, 200],
    [{ type: 'service', id: 'clerk' }, 400],
  ])('R045: only the agent itself, or the person it acts for, can be the subject: %j is %i', async (subject, status) => {
    const reply = await ask({ ...about('clerk', 'good'), subject })
    expect([reply.status, asked.length]).toEqual([status, status === 200 ? 1 : 0])
    if (status === 403) expect([refused, reply.text]).toEqual([['IDENTITY_FORBIDDEN'], expect.stringContaining('subject must be')])
  })

  test.each<[string, Parameters<typeof askAuthzen>[1], AuthzenAsk, number]>([
    ['no JSON', '{', {}, 400],
    ['no object', [], {}, 400],
    ['no action', { ...about('clerk', 'good'), action: {} }, {}, 400],
    ['another action', { ...about('clerk', 'good'), action: { name: 'can_read' } }, {}, 400],
    ['no resource', { subject: { type: 'agent', id: 'clerk' }, action: { name: 'tool.call' } }, {}, 400],
    ['arguments that are no object', { ...about('clerk', 'good'), context: { arguments: [1] } }, {}, 400],
    ['a long name', about('clerk', 'x'.repeat(257)), {}, 400],
    ['too many bytes', about('clerk', 'good', { a: 'x'.repeat(10_000) }), {}, 413],
    ['a form', 'a=b', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415],
    ['GET', '', { method: 'GET' }, 405],
    ['another address', about('clerk', 'good'), { path: '/access/v1/search/subject' }, 404],
    ['no credential', about('clerk', 'good'), { headers: { authorization: '' } }, 401],
  ])('%s is refused and recorded, with a message that quotes nothing', async (name, body, how, status) => {
    const bare = name === 'no credential' ? askAuthzen(url, body) : ask(body, how)
    const reply = await bare
    expect([reply.status, reply.headers.get('content-type'), asked, refused.length]).toEqual([
      status,
      'text/plain; charset=utf-8',
      [],
      1,
    ])
    expect(reply.text).not.toContain('xxxx')
    expect(bytes.used()).toBe(0)
  })

  test('a request has its id in every answer', async () => {
    const headers = { 'x-request-id': 'bfe9eb29' }
    for (const reply of [
      await ask(about('clerk', 'good'), { headers }),
      await ask('{', { headers }),
      await ask({}, { headers, path: '/access/v1/x' }),
    ])
      expect(reply.headers.get('x-request-id')).toBe('bfe9eb29')
    expect((await ask(about('clerk', 'good'))).headers.get('x-request-id')).toBeNull()
  })

  test.each([
    [new GatewayError('AUDIT_UNAVAILABLE', 'the log is gone'), 503],
    [new TypeError('secret path'), 500],
  ])('what fails in the gateway is no decision: %s', async (error, status) => {
    foresee = () => Promise.reject(error)
    for (const reply of [await ask(about('clerk', 'good')), await batch(['good'])]) {
      expect(reply.status).toBe(status)
      expect(reply.text).not.toMatch(/decision|secret/)
    }
  })
})

describe('several evaluations', () => {
  const names = ['good-1', 'bad-1', 'good-2']
  test.each([
    [undefined, [true, false, true]],
    ['execute_all', [true, false, true]],
    ['deny_on_first_deny', [true, false]],
    ['permit_on_first_permit', [true]],
  ])('%s: %j, and what is left out is not evaluated', async (semantic, expected) => {
    const reply = await batch(names, semantic)
    expect(decisions(reply)).toEqual(expected)
    expect(asked.map(({ name }) => name)).toEqual(names.slice(0, expected.length))
    expect(asked[0]?.args).toEqual({ of: 'all' })
  })

  test('one that is not valid, or about somebody else, is denied with its error; the others are answered', async () => {
    const evaluations = [
      about('clerk', 'good'),
      { ...about('clerk', 'good'), action: { name: 'drop' } },
      about('other', 'good'),
      about('clerk', 'good-2'),
    ]
    const reply = await ask({ evaluations }, { path: '/access/v1/evaluations' })
    expect(reply.json['evaluations']).toMatchObject([
      { decision: true },
      { decision: false, context: { error: { status: 400, code: 'REQUEST_PARAMS' } } },
      { decision: false, context: { error: { status: 403, code: 'IDENTITY_FORBIDDEN' } } },
      { decision: true },
    ])
    expect(refused).toEqual(['REQUEST_PARAMS', 'IDENTITY_FORBIDDEN'])
  })

  test('an error ends a request that ends with the first deny', async () => {
    const evaluations = [about('other', 'good'), about('clerk', 'good')]
    const options = { evaluations_semantic: 'deny_on_first_deny' }
    const reply = await ask({ evaluations, options }, { path: '/access/v1/evaluations' })
    expect([decisions(reply), asked]).toEqual([[false], []])
  })

  test.each([[[]], [undefined]])('evaluations %j: the request is a single one', async (evaluations) => {
    const body = { ...about('clerk', 'good'), ...(evaluations && { evaluations }) }
    expect((await ask(body, { path: '/access/v1/evaluations' })).json).toMatchObject({ decision: true })
  })

  test.each([
    ['more than there may be', { evaluations: Array.from({ length: EVALUATIONS_MAX + 1 }, () => ({})) }],
    ['no list', { evaluations: 'all' }],
    ['another semantic', { evaluations: [about('clerk', 'good')], options: { evaluations_semantic: 'majority' } }],
  ])('%s: refused as a whole', async (_, body) => {
    expect((await ask(body as never, { path: '/access/v1/evaluations' })).status).toBe(400)
    expect(asked).toEqual([])
  })
})

test('metadata names this decision point and its endpoints to anyone', async () => {
  const reply = await askAuthzen(url, '', { path: '/.well-known/authzen-configuration', method: 'GET' })
  expect([reply.status, reply.json]).toEqual([
    200,
    {
      policy_decision_point: 'https://gateway.example',
      access_evaluation_endpoint: 'https://gateway.example/access/v1/evaluation',
      access_evaluations_endpoint: 'https://gateway.example/access/v1/evaluations',
    },
  ])
})
