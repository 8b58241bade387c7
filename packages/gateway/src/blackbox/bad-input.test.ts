import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { send } from '../fixtures/agent-client.ts'
import { expectRejected } from '../fixtures/expect-refused.ts'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'

const MIB = 1_048_576
const inputSchema = { type: 'object', properties: { tenant: { type: 'string', 'x-mcp-header': 'Tenant' } } }
const tools = [tool('find', () => text('found')), tool('routed', () => text('routed'), { inputSchema })]
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: { clerk: { tasks: { work: { tools: reads('erp.find', 'erp.routed') } } } },
  })
})
afterAll(async () => {
  await governed.close()
  await server.close()
})

const clerk = () => governed.client('clerk', 'work')
const call = (args: string) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"erp__find","arguments":${args}}}`
const meta = (version: string, more = '') =>
  `{"io.modelcontextprotocol/protocolVersion":"${version}","io.modelcontextprotocol/clientCapabilities":{}${more}}`
const modern = (method: string, params: string) =>
  `{"jsonrpc":"2.0","id":1,"method":"${method}","params":{${params}"_meta":${meta('2026-07-28')}}}`
const find = modern('tools/call', '"name":"erp__find",')
const standard = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'erp__find' }

test('the well-formed twins of what follows pass', async () => {
  expect((await clerk().raw(call('{}'))).said).toBe('found')
  expect((await clerk().raw(find, standard)).said).toBe('found')
  expect((await clerk().raw(call('{}'), { accept: undefined })).said).toBe('found')
  expect(
    (
      await clerk().raw(call('{"a":9007199254740991,"b":1.5,"c":"\\ud83d\\ude00"}'), {
        'content-type': 'application/json; charset=utf-8',
      })
    ).said,
  ).toBe('found')
})

describe('bodies', () => {
  test.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['half a message', '{"jsonrpc":"2.0","id":1,'],
    ['words', 'tools/call'],
    ['two messages', `${call('{}')}${call('{}')}`],
    ['10,000 levels', call(`${'['.repeat(10_000)}${']'.repeat(10_000)}`)],
    ['10,000 open brackets', '['.repeat(10_000)],
    ['duplicate keys', call('{"a":1,"a":2}')],
    ['duplicate keys, one escaped', call('{"a":1,"\\u0061":2}')],
    ['duplicate method', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"erp__find"}}'],
    ['a lone surrogate', call('{"a":"\\ud800"}')],
    ['a lone surrogate in a key', call('{"\\udfff":1}')],
    ['__proto__', call('{"__proto__":{"admin":true}}')],
    ['__proto__, escaped', call('{"\\u005f_proto__":1}')],
    ['an integer no double holds', call('{"a":9007199254740993}')],
    ['a number out of range', call('{"a":1e999}')],
    ['NaN', call('{"a":NaN}')],
    ['Infinity', call('{"a":-Infinity}')],
    ['a comment', call('{/* */}')],
    [
      'bytes that are not UTF-8',
      Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":1,"method":"pin'), Buffer.from([0xff, 0xfe]), Buffer.from('g"}')]),
    ],
    ['300,000 items', call(`[${'0,'.repeat(300_000)}0]`)],
  ])('%s: REQUEST_MALFORMED', async (_, body) => {
    const { answer } = await expectRejected(governed, server, {
      call: () => clerk().raw(body),
      code: 'REQUEST_MALFORMED',
      status: 400,
    })
    expect(answer.error).toMatchObject({ code: -32_700, data: { code: 'REQUEST_MALFORMED' } })
  })

  test.each<[string, string]>([
    ['a batch', `[${call('{}')},${call('{}')}]`],
    ['an empty batch', '[]'],
    ['a number', '7'],
    ['null', 'null'],
    ['no version', '{"id":1,"method":"tools/call","params":{"name":"erp__find"}}'],
    ['version 1.0', '{"jsonrpc":"1.0","id":1,"method":"tools/call","params":{"name":"erp__find"}}'],
    ['a null id', '{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"erp__find"}}'],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{"name":"erp__find"}}'],
    ['a fractional id', '{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{"name":"erp__find"}}'],
    ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":7}'],
    ['neither request nor response', '{"jsonrpc":"2.0","id":1}'],
  ])('%s: REQUEST_INVALID', async (_, body) => {
    await expectRejected(governed, server, { call: () => clerk().raw(body), code: 'REQUEST_INVALID', status: 400 })
  })

  test.each<[string, string]>([
    ['params in an array', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["erp__find"]}'],
    ['_meta in an array', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"erp__find","_meta":[]}}'],
    ['arguments in an array', call('[1]')],
    ['arguments in a string', call('"{}"')],
    ['no name', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{}}}'],
    ['a name of 257 characters', `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${'n'.repeat(257)}"}}`],
    ['no URI', '{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{}}'],
    ['a requestState nobody sealed', '{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":7}}'],
  ])('%s: REQUEST_PARAMS', async (_, body) => {
    const { answer } = await expectRejected(governed, server, { call: () => clerk().raw(body), code: 'REQUEST_PARAMS' })
    expect(answer.error).toMatchObject({ code: -32_602 })
  })

  test('an unknown method is refused in both revisions, each in its way', async () => {
    await expectRejected(governed, server, { call: () => clerk().rpc('tools/execute'), code: 'REQUEST_METHOD', status: 404 })
    const { answer } = await expectRejected(governed, server, {
      call: () => clerk().rpc('tools/execute', {}, { era: 'legacy' }),
      code: 'REQUEST_METHOD',
      status: 200,
    })
    expect(answer.error).toMatchObject({ code: -32_601 })
    for (const method of [
      'sampling/createMessage',
      'elicitation/create',
      'roots/list',
      'tasks/list',
      '__proto__',
      'constructor',
      'toString',
    ]) {
      for (const era of ['modern', 'legacy'] as const)
        await expectRejected(governed, server, { call: () => clerk().rpc(method, {}, { era }), code: 'REQUEST_METHOD' })
    }
  })

  test('100 MB: refused by the declared length without reading, and by the real one while reading', async () => {
    const declared = await expectRejected(governed, server, {
      call: () => overWire(`content-length: ${100 * MIB}\r\n\r\n{`),
      code: 'REQUEST_TOO_LARGE',
      status: 413,
    })
    expect(declared.answer.headers['connection']).toBe('close')
    const chunk = `100000\r\n${'x'.repeat(MIB)}\r\n`
    await expectRejected(governed, server, {
      call: () => overWire(`transfer-encoding: chunked\r\n\r\n${chunk.repeat(6)}`),
      code: 'REQUEST_TOO_LARGE',
      status: 413,
    })
    expect((await clerk().raw(call('{}'))).said).toBe('found')
  })
})

describe('headers', () => {
  test.each<[string, Record<string, string | undefined>, string, number]>([
    ['another content type', { 'content-type': 'text/plain' }, 'REQUEST_TYPE', 415],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'REQUEST_TYPE', 415],
    ['a content type that begins alike', { 'content-type': 'application/jsonp' }, 'REQUEST_TYPE', 415],
    ['no content type', { 'content-type': undefined }, 'REQUEST_TYPE', 415],
    ['an answer nobody can give', { accept: 'text/html' }, 'REQUEST_NOT_ACCEPTABLE', 406],
    ['a foreign Origin', { origin: 'https://evil.example' }, 'REQUEST_ORIGIN', 403],
    ['a null Origin', { origin: 'null' }, 'REQUEST_ORIGIN', 403],
    ['a foreign Host', { host: 'evil.example' }, 'REQUEST_ORIGIN', 403],
    ['a Host on another port', { host: '127.0.0.1:1' }, 'REQUEST_ORIGIN', 403],
  ])('%s', async (_, headers, code, status) => {
    await expectRejected(governed, server, {
      call: () => clerk().raw(find, { ...standard, ...headers }),
      code: code as 'REQUEST_TYPE',
      status,
    })
  })

  test('a compressed body is refused, whatever it unpacks to', async () => {
    const body = gzipSync(find)
    await expectRejected(governed, server, {
      call: () => clerk().raw(body, { ...standard, 'content-encoding': 'gzip' }),
      code: 'REQUEST_TYPE',
      status: 415,
    })
  })

  test.each<[string, Record<string, string | undefined>, string]>([
    ['Mcp-Method of another method', { 'mcp-method': 'tools/list' }, 'REQUEST_HEADER_MISMATCH'],
    ['no Mcp-Method', { 'mcp-method': undefined }, 'REQUEST_HEADER_MISMATCH'],
    ['Mcp-Name of another tool', { 'mcp-name': 'erp__routed' }, 'REQUEST_HEADER_MISMATCH'],
    ['Mcp-Name in another case', { 'mcp-name': 'ERP__find' }, 'REQUEST_HEADER_MISMATCH'],
    ['no Mcp-Name', { 'mcp-name': undefined }, 'REQUEST_HEADER_MISMATCH'],
    ['a malformed sentinel', { 'mcp-name': '=?base64?!!!?=' }, 'REQUEST_HEADER_MISMATCH'],
    ['a handshake version over a stateless body', { 'mcp-protocol-version': '2025-11-25' }, 'REQUEST_HEADER_MISMATCH'],
    ['no version header', { 'mcp-protocol-version': undefined }, 'REQUEST_HEADER_MISMATCH'],
  ])('%s', async (_, headers, code) => {
    await expectRejected(governed, server, {
      call: () => clerk().raw(find, { ...standard, ...headers }),
      code: code as 'REQUEST_HEADER_MISMATCH',
      status: 400,
    })
  })

  test('a version nobody speaks is refused, in the header and in the body', async () => {
    await expectRejected(governed, server, {
      call: () => clerk().raw(call('{}'), { 'mcp-protocol-version': '1999-01-01' }),
      code: 'REQUEST_VERSION',
      status: 400,
    })
    const body = find.replaceAll('2026-07-28', '2099-01-01')
    const { answer } = await expectRejected(governed, server, {
      call: () => clerk().raw(body, { ...standard, 'mcp-protocol-version': '2099-01-01' }),
      code: 'REQUEST_VERSION',
      status: 400,
    })
    expect(answer.error).toMatchObject({ code: -32_022, data: { supported: ['2026-07-28'] } })
  })

  test('Mcp-Param must say what the argument says', async () => {
    const routed = (tenant: string | undefined) => () =>
      clerk().call('erp__routed', { tenant: 'north' }, { headers: { 'mcp-param-tenant': tenant } })
    for (const tenant of ['south', 'NORTH', '', undefined, '=?base64?bm9ydGg?='])
      await expectRejected(governed, server, { call: routed(tenant), code: 'REQUEST_HEADER_MISMATCH', status: 400 })
    expect((await routed('north')()).said).toBe('routed')
    expect((await routed('=?base64?bm9ydGg=?=')()).said).toBe('routed')
    expect(server.requests.at(-1)?.headers).toMatchObject({ 'mcp-param-tenant': 'north', 'mcp-name': 'routed' })
  })

  test.each(['DELETE', 'PUT', 'PATCH', 'OPTIONS', 'GET', 'TRACE'])('%s is not a way in', async (method) => {
    const headers = { authorization: clerk().authorization, accept: 'application/json', 'content-type': 'application/json' }
    const before = server.requests.length
    const size = (await governed.entries()).length
    const answer = await send(clerk().url, { method, headers, ...(method === 'GET' || method === 'TRACE' ? {} : { body: find }) })
    expect(answer.status).toBe(405)
    expect(answer.headers['allow']).toBe('POST, GET')
    expect((await governed.entries()).slice(size)).toEqual([expect.objectContaining({ type: 'refusal', code: 'REQUEST_VERB' })])
    expect(server.requests.length).toBe(before)
  })
})

test('a body that comes slowly holds up nobody, and one that is broken off reaches nobody', async () => {
  const { port, hostname } = new URL(governed.url())
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  socket.write(
    `POST /a/clerk/mcp HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: ${clerk().authorization}\r\ncontent-type: application/json\r\ncontent-length: ${find.length}\r\n\r\n${find.slice(0, 20)}`,
  )
  const before = server.calls()
  expect((await clerk().raw(call('{}'))).said).toBe('found')
  socket.destroy()
  expect((await clerk().raw(call('{}'))).said).toBe('found')
  expect(server.calls()).toBe(before + 2)
})

/** A request written by hand, for what an HTTP client would not send. */
function overWire(rest: string): ReturnType<ReturnType<typeof clerk>['raw']> {
  const { port, hostname } = new URL(governed.url())
  return new Promise((resolve, reject) => {
    let received = ''
    const socket = connect(Number(port), hostname, () =>
      socket.write(
        `POST /a/clerk/mcp HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: ${clerk().authorization}\r\ncontent-type: application/json\r\n${rest}`,
      ),
    )
    socket.on('data', (chunk) => (received += chunk.toString('utf8')))
    socket.on('error', () => undefined)
    socket.once('close', () => {
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1])
      const headers = Object.fromEntries(
        [...received.matchAll(/^([\w-]+): (.*)\r$/gm)].map(([, name = '', value = '']) => [name.toLowerCase(), value]),
      )
      if (Number.isNaN(status)) reject(new Error('no answer'))
      else
        resolve({
          status,
          headers,
          text: received,
          messages: [],
          result: undefined,
          error: undefined,
          refusal: undefined,
          said: '',
        })
    })
  })
}
