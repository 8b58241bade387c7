import { ERRORS } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { WireFault, decode } from './decode.ts'
import { META, MODERN_VERSION } from './wire.ts'

const CAPS = { [META.capabilities]: {} }
const MODERN = { [META.version]: MODERN_VERSION, ...CAPS }
const headersOf = (method: string, more: Record<string, string> = {}): Record<string, string> => ({
  'mcp-protocol-version': MODERN_VERSION,
  'mcp-method': method,
  ...more,
})
const message = (method: string, params?: object, id: unknown = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', ...(id === undefined ? {} : { id }), method, ...(params ? { params } : {}) })
const enveloped = (method: string, params: object = {}, meta: object = MODERN): string =>
  message(method, { ...params, _meta: meta })

function faultOf(
  text: string,
  headers: Record<string, string>,
): { code: number; id: unknown; data: unknown; message: string } | 'accepted' {
  try {
    decode(text, headers)
    return 'accepted'
  } catch (error) {
    if (!(error instanceof WireFault)) throw error
    return { code: ERRORS[error.error.code].rpc, id: error.id, data: error.data, message: error.message }
  }
}

describe('which revision a request speaks is what its body says', () => {
  const LIST = headersOf('tools/list')
  test.each<[string, Record<string, string>, string, number | 'modern' | 'legacy', string]>([
    ['tools/list', {}, message('tools/list'), 'legacy', 'no claim, no header'],
    [
      'tools/list',
      { 'mcp-protocol-version': '2025-06-18' },
      message('tools/list'),
      'legacy',
      'no claim, a header of the handshake era',
    ],
    [
      'tools/list',
      { 'mcp-protocol-version': '2024-01-01' },
      message('tools/list'),
      -32_022,
      'no claim, an unknown revision in the header',
    ],
    ['tools/list', LIST, enveloped('tools/list'), 'modern', 'claim and header agree'],
    ['tools/list', LIST, message('tools/list'), -32_602, 'the header alone does not upgrade'],
    ['tools/list', LIST, enveloped('tools/list', {}, CAPS), -32_602, 'an envelope without the version'],
    [
      'tools/list',
      LIST,
      enveloped('tools/list', {}, { [META.version]: MODERN_VERSION }),
      -32_602,
      'an envelope without capabilities',
    ],
    [
      'tools/list',
      LIST,
      enveloped('tools/list', {}, { ...MODERN, [META.capabilities]: [] }),
      -32_602,
      'capabilities that are no object',
    ],
    ['tools/list', LIST, enveloped('tools/list', {}, { ...MODERN, [META.version]: 2026 }), -32_602, 'a version that is no text'],
    ['tools/list', { 'mcp-method': 'tools/list' }, enveloped('tools/list'), -32_020, 'the version header is missing'],
    ['tools/list', { 'mcp-protocol-version': MODERN_VERSION }, enveloped('tools/list'), -32_020, 'the method header is missing'],
    ['tools/list', headersOf('tools/call'), enveloped('tools/list'), -32_020, 'the method header names another method'],
    [
      'tools/list',
      { ...LIST, 'mcp-protocol-version': '2025-11-25' },
      enveloped('tools/list'),
      -32_020,
      'the header names an older revision than the body',
    ],
    [
      'tools/list',
      { ...LIST, 'mcp-protocol-version': `${MODERN_VERSION}, ${MODERN_VERSION}` },
      enveloped('tools/list'),
      -32_020,
      'the header stands twice',
    ],
    [
      'tools/list',
      { ...LIST, 'mcp-protocol-version': '2099-01-01' },
      enveloped('tools/list', {}, { ...MODERN, [META.version]: '2099-01-01' }),
      -32_022,
      'both name a revision nobody speaks',
    ],
    [
      'tools/list',
      { 'mcp-protocol-version': '2025-11-25' },
      enveloped('tools/list', {}, { ...MODERN, [META.version]: '2025-11-25' }),
      'legacy',
      'a claim of the handshake era',
    ],
    ['initialize', {}, message('initialize', { protocolVersion: '2025-11-25' }), 'legacy', 'the handshake'],
    [
      'initialize',
      headersOf('initialize'),
      enveloped('initialize'),
      'modern',
      'a claim wins over the method; the table then refuses it',
    ],
    [
      'initialize',
      headersOf('initialize'),
      message('initialize'),
      -32_602,
      'the handshake under a header of the stateless revision',
    ],
  ])('%s %j %s is %s: %s', (_method, headers, text, expected) => {
    if (typeof expected === 'number') expect(faultOf(text, headers)).toMatchObject({ code: expected, id: 1 })
    else expect(decode(text, headers)).toMatchObject({ type: 'request', era: expected, id: 1 })
  })
})

describe('Mcp-Name repeats the target', () => {
  test.each<[string, object, string | undefined, boolean, string]>([
    ['tools/call', { name: 'erp__read' }, 'erp__read', true, 'equal'],
    ['tools/call', { name: 'erp__read' }, 'erp__pay', false, 'another tool'],
    ['tools/call', { name: 'erp__read' }, undefined, false, 'missing'],
    ['tools/call', { name: 'é' }, '=?base64?w6k=?=', true, 'equal behind the sentinel'],
    ['tools/call', { name: 'é' }, '=?base64?w6k?=', false, 'a malformed sentinel'],
    ['tools/call', { name: 'erp__read' }, 'ERP__READ', false, 'another case is another name'],
    ['tools/call', {}, 'erp__read', false, 'a name only in the header'],
    ['prompts/get', { name: 'p' }, 'q', false, 'another prompt'],
    ['resources/read', { uri: 'file:///a' }, 'file:///a', true, 'a URI'],
    ['resources/read', { uri: 'file:///a' }, 'file:///b', false, 'another URI'],
    ['tools/list', {}, undefined, true, 'not asked for elsewhere'],
    ['completion/complete', {}, undefined, true, 'not asked for elsewhere'],
    ['constructor', {}, undefined, true, 'not asked for a method nobody knows'],
  ])('%s %j under %j: %s (%s)', (method, params, name, passes) => {
    const verdict = faultOf(enveloped(method, params), headersOf(method, name === undefined ? {} : { 'mcp-name': name }))
    if (passes) expect(verdict).toBe('accepted')
    else expect(verdict).toMatchObject({ code: -32_020 })
  })

  test('is not asked for in the handshake era', () => {
    expect(faultOf(message('tools/call', { name: 'x' }), { 'mcp-name': 'other', 'mcp-method': 'other' })).toBe('accepted')
  })
})

describe('notifications and responses', () => {
  test('a notification needs no headers; a method header that disagrees is still refused', () => {
    const text = (meta: object): string => JSON.stringify({ jsonrpc: '2.0', method: 'notifications/x', params: { _meta: meta } })
    expect(decode(text({}), {})).toMatchObject({ type: 'notification', era: 'legacy' })
    expect(decode(text({}), { 'mcp-protocol-version': MODERN_VERSION })).toMatchObject({ type: 'notification', era: 'modern' })
    expect(decode(text(MODERN), {})).toMatchObject({ type: 'notification', era: 'modern' })
    expect(faultOf(text(MODERN), headersOf('notifications/y'))).toMatchObject({ code: -32_020 })
  })

  test.each([
    [{ result: {} }, 'response'],
    [{ error: { code: 1, message: 'no' } }, 'response'],
    [{ result: {}, error: { code: 1, message: 'no' } }, -32_600],
    [{ result: 1 }, -32_600],
    [{}, -32_600],
  ])('%j is %s', (body, expected) => {
    const text = JSON.stringify({ jsonrpc: '2.0', id: 'q', ...body })
    if (expected === 'response') expect(decode(text, {})).toMatchObject({ type: 'response', id: 'q' })
    else expect(faultOf(text, {})).toMatchObject({ code: expected })
  })
})

describe('what is no message', () => {
  test.each([
    ['', -32_700],
    ['{', -32_700],
    ['{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}', -32_700],
    ['[]', -32_600],
    [`[${message('tools/list')}]`, -32_600],
    ['"ping"', -32_600],
    ['null', -32_600],
    ['{"id":1,"method":"ping"}', -32_600],
    ['{"jsonrpc":"1.0","id":1,"method":"ping"}', -32_600],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', -32_600],
    ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32_600],
    ['{"jsonrpc":"2.0","id":true,"method":"ping"}', -32_600],
    [message('ping', undefined, 'x'.repeat(257)), -32_600],
    ['{"jsonrpc":"2.0","id":1,"method":""}', -32_600],
    ['{"jsonrpc":"2.0","id":1,"method":7}', -32_600],
    [message('x'.repeat(129)), -32_600],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}', -32_602],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":[]}}', -32_602],
  ])('%s gives %i', (text, code) => {
    expect(faultOf(text, {})).toMatchObject({ code })
  })

  test('the fault repeats the id once it is known, and says which revisions there are', () => {
    expect(faultOf('{"jsonrpc":"2.0","id":"a","method":"ping","params":[1]}', {})).toMatchObject({ id: 'a' })
    expect(faultOf(message('ping'), { 'mcp-protocol-version': 'x'.repeat(100) })).toMatchObject({
      data: { requested: 'x'.repeat(64), supported: ['2025-11-25', '2025-06-18', '2025-03-26'] },
    })
  })
})
