import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SignJWT, UnsecuredJWT, exportJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { send } from '../fixtures/agent-client.ts'
import { expectRefused, expectRejected } from '../fixtures/expect-refused.ts'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'
import { signLocalUserToken } from '../identity/local-user-token.ts'

const ISSUER = 'https://id.example'
const AUDIENCE = 'https://gateway.example'
const tools = [tool('find', () => text('found')), tool('own', () => text('mine'))]
const issuerKey = generateKeyPairSync('ed25519')
const foreignKey = generateKeyPairSync('ed25519')
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  const task = { tools: { ...reads('erp.find'), 'erp.own': { scope: 'read', tier: 'low', user: 'required' } } }
  const keys = { work: 'work', exchange: null, second: 'work' }
  const agents = { identifies: 'agents', audience: AUDIENCE, algorithms: ['EdDSA'], taskClaim: 'task', clockSkewMs: 0 }
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url, headers: { authorization: 'Bearer the-gateways-own' } } },
    reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: { clerk: { tasks: { work: task, spare: {} }, keys }, rival: { tasks: { work: task }, keys } },
    config: { issuers: [{ issuer: ISSUER, jwksFile: 'jwks.json', ...agents }] },
    start: false,
  })
  const jwk = { ...(await exportJWK(issuerKey.publicKey)), kid: 'one', alg: 'EdDSA' }
  writeFileSync(join(governed.home.dir, 'jwks.json'), JSON.stringify({ keys: [jwk] }))
  await governed.start()
})
afterAll(async () => {
  await governed.close()
  await server.close()
})

const clerk = () => governed.client('clerk', 'work')
const withToken = (token: string | undefined, tool = 'erp__find') =>
  clerk().call(tool, {}, { headers: { authorization: token === undefined ? undefined : `Bearer ${token}` } })

interface Claims {
  readonly key?: KeyObject
  readonly issuer?: string
  readonly audience?: string
  readonly expiresS?: number
  readonly notBeforeS?: number
  readonly subject?: string
}
const nowS = () => Math.floor(Date.now() / 1_000)
function agentToken({
  key = issuerKey.privateKey,
  issuer = ISSUER,
  audience = AUDIENCE,
  expiresS = 60,
  notBeforeS = 0,
  subject = 'clerk',
}: Claims = {}): Promise<string> {
  const token = new SignJWT({ task: 'work' })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'one' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
  return token
    .setIssuedAt()
    .setNotBefore(nowS() + notBeforeS)
    .setExpirationTime(nowS() + expiresS)
    .sign(key)
}

describe('credentials', () => {
  test('R005: from this machine, without a credential, nothing is called', async () => {
    const { answer } = await expectRejected(governed, server, {
      call: () => withToken(undefined),
      code: 'IDENTITY_MISSING',
      status: 401,
    })
    expect(answer.headers['www-authenticate']).toMatch(
      /^Bearer resource_metadata="http:.*\/\.well-known\/oauth-protected-resource\/a\/clerk\/mcp"$/,
    )
    const metadata = await send(/resource_metadata="([^"]+)"/.exec(String(answer.headers['www-authenticate']))?.[1] ?? '', {
      method: 'GET',
    })
    expect(JSON.parse(metadata.text)).toMatchObject({ resource: clerk().url, authorization_servers: [ISSUER] })
  })

  test.each(['sp_'.padEnd(46, 'A'), 'nonsense', 'sp_short', 'Basic x', '..', 'a.b.c'])(
    'R005: the made-up credential %j is refused',
    async (token) => {
      await expectRejected(governed, server, { call: () => withToken(token), code: 'IDENTITY_INVALID', status: 401 })
    },
  )

  test('R022: a revoked key is dead on the next call; the other key of the agent lives', async () => {
    const second = governed.client('clerk', 'second')
    expect((await second.call('erp__find')).said).toBe('found')
    await governed.control('alice', 'agent.revoke', { agent: 'clerk', key: governed.keyId('clerk', 'second') })
    await expectRejected(governed, server, { call: () => second.call('erp__find'), code: 'IDENTITY_INVALID', status: 401 })
    expect((await clerk().call('erp__find')).said).toBe('found')
  })

  test('R016: one agent’s key on another agent’s URL is refused and raises a critical entry', async () => {
    const size = (await governed.entries()).length
    await expectRejected(governed, server, {
      call: () => withToken(governed.secret('rival', 'work')),
      code: 'IDENTITY_FOREIGN',
      status: 403,
    })
    const alarm = (await governed.entries()).slice(size).find((entry) => entry.type === 'admin')
    expect(alarm).toMatchObject({
      verb: 'credential.foreign_use',
      actor: { id: 'rival' },
      target: 'clerk',
      detail: { severity: 'critical' },
    })
  })

  test('R022: no answer and no request to a server ever holds the agent’s credential, and the server sees the gateway’s own', async () => {
    const answer = await clerk().call('erp__find', { note: 'x' })
    const seen = JSON.stringify(server.requests)
    for (const key of ['work', 'exchange', 'second']) expect(seen + answer.text).not.toContain(governed.secret('clerk', key))
    expect(answer.text).not.toContain('the-gateways-own')
    expect(server.requests.at(-1)?.headers['authorization']).toBe('Bearer the-gateways-own')
  })
})

describe('tokens of an issuer', () => {
  test('R005: a valid one identifies the agent and its task', async () => {
    expect((await withToken(await agentToken())).said).toBe('found')
  })

  test.each<[string, () => Promise<string> | string]>([
    ['expired', () => agentToken({ expiresS: -1 })],
    ['not valid yet', () => agentToken({ notBeforeS: 60 })],
    ['of a foreign key', () => agentToken({ key: foreignKey.privateKey })],
    ['for another audience', () => agentToken({ audience: 'https://other.example' })],
    ['of an unknown issuer', () => agentToken({ issuer: 'https://evil.example' })],
    ['that claims this gateway as issuer', () => agentToken({ issuer: 'sallyport' })],
    ['for an unregistered agent', () => agentToken({ subject: 'nobody' })],
    [
      'without signature',
      () =>
        new UnsecuredJWT({ task: 'work' })
          .setIssuer(ISSUER)
          .setAudience(AUDIENCE)
          .setSubject('clerk')
          .setExpirationTime('1m')
          .encode(),
    ],
    [
      'signed with a public key as secret',
      async () => {
        const secret = Buffer.from(JSON.stringify(await exportJWK(issuerKey.publicKey)))
        return new SignJWT({ task: 'work' })
          .setProtectedHeader({ alg: 'HS256', kid: 'one' })
          .setIssuer(ISSUER)
          .setAudience(AUDIENCE)
          .setSubject('clerk')
          .setExpirationTime('1m')
          .sign(secret)
      },
    ],
    ['too long', () => 'a'.repeat(20_000)],
  ])('R005: a token %s is refused', async (what, make) => {
    const token = await make()
    if (what !== 'too long')
      return void (await expectRejected(governed, server, { call: () => withToken(token), code: 'IDENTITY_INVALID', status: 401 }))
    const before = server.calls()
    expect([401, 431]).toContain((await withToken(token)).status)
    expect(server.calls()).toBe(before)
  })
})

describe('the originating user', () => {
  const exchange = async (fields: Record<string, string>, secret = governed.secret('clerk', 'exchange')) => {
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      ...fields,
    })
    const answer = await send(`${governed.url()}/oauth/token`, {
      headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Bearer ${secret}` },
      body: form.toString(),
    })
    return { status: answer.status, body: JSON.parse(answer.text) as Record<string, string> }
  }
  let lastJti = 0
  const userToken = (user: string, as = user) => {
    const key = governed.people[as]
    if (!key) throw new TypeError('no such person')
    return signLocalUserToken({ user, jti: `token-number-${String(++lastJti).padStart(6, '0')}` }, { key, nowMs: Date.now() })
  }

  test('R023: a tool that needs a user is denied without one, whatever headers claim', async () => {
    const headers = {
      'x-user': 'bob',
      'x-forwarded-user': 'bob',
      'remote-user': 'bob',
      'x-sallyport-user': 'bob',
      cookie: 'user=bob',
    }
    const call = () => clerk().call('erp__own', { user: 'bob' }, { headers, meta: { user: 'bob', 'dev.sallyport/user': 'bob' } })
    const { entry } = await expectRefused(governed, server, { call, reason: 'user_required' })
    expect(entry.onBehalfOf).toBe('system')
  })

  test('R023 R121: an exchanged session names user and agent in the record', async () => {
    const { status, body } = await exchange({ subject_token: await userToken('bob'), scope: 'work' })
    expect(status).toBe(200)
    expect((await withToken(body['access_token'], 'erp__own')).said).toBe('mine')
    const decision = (await governed.entries()).findLast((entry) => entry.type === 'decision')
    expect(decision).toMatchObject({ actor: { id: 'clerk', method: 'session_token' }, onBehalfOf: { user: 'bob' }, task: 'work' })
  })

  test('R023: a user token works once; a forged one, a foreign agent’s session and a longer chain are refused', async () => {
    const token = await userToken('bob')
    const { body } = await exchange({ subject_token: token, scope: 'work' })
    expect(await exchange({ subject_token: token, scope: 'work' })).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await exchange({ subject_token: await userToken('bob', 'alice'), scope: 'work' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
    expect(
      await exchange({ subject_token: await userToken('bob'), scope: 'spare' }, governed.secret('clerk', 'work')),
    ).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
    expect(await exchange({ subject_token: await userToken('bob'), scope: 'work' }, body['access_token'])).toMatchObject({
      status: 401,
    })
    const rival = () =>
      governed.client('rival', 'work').call('erp__own', {}, { headers: { authorization: `Bearer ${body['access_token']}` } })
    await expectRejected(governed, server, { call: rival, code: 'IDENTITY_FOREIGN', status: 403 })
  })

  test('R022 R023: a session dies with the key it came from', async () => {
    const { body } = await exchange({ subject_token: await userToken('bob'), scope: 'work' })
    expect((await withToken(body['access_token'], 'erp__own')).said).toBe('mine')
    await governed.control('alice', 'agent.revoke', { agent: 'clerk', key: governed.keyId('clerk', 'exchange') })
    await expectRejected(governed, server, {
      call: () => withToken(body['access_token'], 'erp__own'),
      code: 'IDENTITY_INVALID',
      status: 401,
    })
  })
})

test('R005: a grant that is removed in the middle of a session is gone on the next call', async () => {
  const agent = governed.client('rival', 'work')
  expect((await agent.call('erp__find')).said).toBe('found')
  governed.writeManifest('rival', { tasks: { work: {} } })
  await expect
    .poll(async () => (await governed.control('alice', 'manifest.show', { agent: 'rival' }))['version'], { timeout: 5_000 })
    .toBe(2)
  await expectRefused(governed, server, { call: () => agent.call('erp__find'), reason: 'tool_not_in_manifest' })
  expect(await agent.list()).toEqual([])
})
