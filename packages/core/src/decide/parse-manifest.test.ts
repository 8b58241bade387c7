import { describe, expect, test } from 'vitest'
import { isGatewayError } from '../errors.ts'
import { Manifest } from '../model/manifest.ts'
import { parseManifest } from './parse-manifest.ts'

const valid = { apiVersion: 'sallyport/v1', agent: 'buyer', owner: 'procurement', purpose: 'procurement' }
const grant = { scope: 'read', tier: 'low' }
const withGrant = (tool: object) => ({ ...valid, tasks: { reconcile: { tools: { 'erp.act': tool } } } })
const withTools = (tools: object) => ({ ...valid, tasks: { reconcile: { tools } } })

function problem(document: unknown): string {
  try {
    parseManifest(document)
  } catch (error) {
    if (isGatewayError(error) && error.code === 'CONFIG_INVALID') return error.message
    throw error
  }
  return 'accepted'
}

describe('a valid manifest', () => {
  test('R027: needs agent, owner and purpose, and grants nothing by itself', () => expect(parseManifest(valid).tasks).toEqual({}))
  test('R147: every threshold is set from day one', () => {
    expect(parseManifest(valid).defaults).toEqual({
      approvalTimeoutMs: 900_000,
      confidenceMin: 0.8,
      rateLimit: { callsMax: 600, windowMs: 60_000 },
    })
  })
  test('R139 R140: a tiered grant is accepted', () => expect(problem(withGrant(grant))).toBe('accepted'))
})

test.each<[string, unknown, RegExp]>([
  ['R027: no agent', { ...valid, agent: undefined }, /^agent: required, of type string$/],
  ['R027: an agent id in upper case', { ...valid, agent: 'Buyer' }, /^agent: /],
  ['R028: no scope', withGrant({ tier: 'low' }), /^tasks\.reconcile\.tools\.erp\.act\.scope: /],
  ['R028: an unknown scope', withGrant({ ...grant, scope: 'admin' }), /\.scope: .*read/],
  ['R140: no tier', withGrant({ scope: 'read' }), /\.tier: /],
  [
    'R026: a wildcard tool',
    withTools({ 'erp.*': grant }),
    /^tasks\.reconcile\.tools\.erp\.\*: not a valid name here: .*without wildcards/,
  ],
  ['R026: everything but', withTools({ '*': grant, '!erp.pay': grant }), /not a valid name here/],
  ['R026: a tool without a server', withTools({ act: grant }), /server\.tool/],
  ['R026: an exclusion list', { ...valid, allowAllExcept: ['erp.pay'] }, /^allowAllExcept: unknown key/],
  [
    'R142: sending exempted',
    withGrant({ scope: 'send', tier: 'low', requiresHumanApproval: false }),
    /requiresHumanApproval: cannot be false: scope send/,
  ],
  ['R142: deleting exempted', withGrant({ scope: 'delete', tier: 'low', requiresHumanApproval: false }), /scope delete/],
  ['R142: transacting exempted', withGrant({ scope: 'transact', tier: 'low', requiresHumanApproval: false }), /scope transact/],
  ['R141: tier high exempted', withGrant({ scope: 'read', tier: 'high', requiresHumanApproval: false }), /tier high/],
  ['R147: a null threshold', { ...valid, defaults: { confidenceMin: null } }, /^defaults\.confidenceMin: must be of type number$/],
  ['R147: null defaults', { ...valid, defaults: null }, /^defaults: must be of type object$/],
  ['R147: a null time-out', { ...valid, defaults: { approvalTimeoutMs: null } }, /^defaults\.approvalTimeoutMs: /],
  ['NaN in a limit', withGrant({ ...grant, rateLimit: { callsMax: Number.NaN } }), /rateLimit\.callsMax: /],
  ['infinity in a limit', withGrant({ ...grant, rateLimit: { callsMax: Infinity } }), /rateLimit\.callsMax: /],
  ['an unsafe integer in a limit', withGrant({ ...grant, rateLimit: { callsMax: 2 ** 53 } }), /rateLimit\.callsMax: /],
  ['a fraction in a limit', withGrant({ ...grant, rateLimit: { callsMax: 1.5 } }), /rateLimit\.callsMax: /],
  ['a negative limit', withGrant({ ...grant, rateLimit: { callsMax: -1 } }), /rateLimit\.callsMax: /],
  ['NaN as a threshold', { ...valid, defaults: { confidenceMin: Number.NaN } }, /^defaults\.confidenceMin: /],
  ['an unsafe integer as an entity', withGrant({ ...grant, entities: { id: 2 ** 53 } }), /entities\.id: .*exactly/],
  ['an unsafe integer in a schema', withGrant({ ...grant, args: { properties: { a: { maximum: 2 ** 53 } } } }), /args: .*exactly/],
  ['an unknown reference', withGrant({ ...grant, entities: { id: '$users.id' } }), /entities\.id: .*\$user\.id/],
  ['a misspelt key', withGrant({ ...grant, feilds: ['a'] }), /erp\.act\.feilds: unknown key; did you mean "fields"\?$/],
  ['a misspelt key at the top', { ...valid, taks: {} }, /^taks: unknown key; did you mean "tasks"\?$/],
  ['a misspelt key in other case', withGrant({ ...grant, ratelimit: {} }), /did you mean "rateLimit"\?$/],
  ['a key of another world', withGrant({ ...grant, zzzzzzzzz: 1 }), /unknown key; known here: scope, tier/],
  [
    'a misspelt default',
    { ...valid, defaults: { confidencemin: 1 } },
    /^defaults\.confidencemin: unknown key; did you mean "confidenceMin"\?$/,
  ],
  ['a domain with an at sign', withGrant({ ...grant, domains: ['@company.com'] }), /domains\.0: must be a domain/],
  ['a bare wildcard domain', withGrant({ ...grant, domains: ['*'] }), /domains\.0: /],
  ['a wildcard over a top-level domain', withGrant({ ...grant, domains: ['*.com'] }), /domains\.0: /],
  ['one signature only', { ...valid, signOff: ['owner'] }, /^signOff: /],
  ['not an object', [], /^the document: must be of type object$/],
  ['nothing', undefined, /^the document: /],
])('%s is refused', (_, document, message) => expect(problem(document)).toMatch(message))

test('every problem gets a line, and no value is quoted', () => {
  const message = problem({ ...valid, agent: 's3cret VALUE', owner: 7, extra: 's3cret' })
  expect(message.split('\n').length).toBe(3)
  expect(message).not.toContain('s3cret')
})

test('an unknown key deep in a union finds its neighbours', () => {
  expect(problem({ ...valid, tasks: { a: { retrieve: { b: { clases: [] } } } } })).toMatch(
    /tasks\.a\.retrieve\.b\.clases: unknown key; did you mean "classes"\?/,
  )
})

test('parsing twice gives the same', () =>
  expect(Manifest.parse(parseManifest(withGrant(grant)))).toEqual(parseManifest(withGrant(grant))))
