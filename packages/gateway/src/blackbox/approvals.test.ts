import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { signEd25519 } from '../ed25519.ts'
import { expectRefused } from '../fixtures/expect-refused.ts'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'
import { signableBytes } from '../manifests/index.ts'

const EFFECTS = { look: 'read', change: 'write', send: 'send', remove: 'delete', pay: 'transact' } as const
const names = Object.keys(EFFECTS) as (keyof typeof EFFECTS)[]
const tools = names.map((name) => tool(name, () => text(`${name} done`)))
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  const each = { tools: Object.fromEntries(names.map((name) => [`erp.${name}`, { scope: EFFECTS[name], tier: 'low' }])) }
  const tiers = {
    tools: {
      'erp.look': { scope: 'read', tier: 'high' },
      'erp.change': { scope: 'write', tier: 'medium', requiresHumanApproval: true },
    },
  }
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: { erp: tools.map(({ definition }) => [definition, EFFECTS[definition.name as keyof typeof EFFECTS]] as const) },
    agents: {
      unsigned: { tasks: { work: each }, signedBy: [] },
      half: { tasks: { work: each }, signedBy: ['alice'] },
      signed: { tasks: { work: each } },
      tiered: { tasks: { work: tiers } },
    },
  })
})
afterAll(async () => {
  await governed.close()
  await server.close()
})

async function sign(user: string, role: string, as: string = user): Promise<void> {
  const { version, hash } = await governed.control('alice', 'manifest.show', { agent: 'unsigned' })
  const signable = { agent: 'unsigned', version: Number(version), hash: String(hash), role, reason: 'the task needs it' }
  const key = governed.people[as]
  if (!key) throw new TypeError('no such person')
  const signature = Buffer.from(signEd25519(signableBytes({ ...signable, user }), key)).toString('base64')
  await governed.control(user, 'manifest.sign', { ...signable, signature })
}

describe('writes wait for signatures', () => {
  test('R039 R140: without a signature only the read is in force; the rest is proposed and denied', async () => {
    const agent = governed.client('unsigned', 'work')
    expect((await agent.call('erp__look')).said).toBe('look done')
    for (const name of ['change', 'send', 'remove', 'pay'])
      await expectRefused(governed, server, { call: () => agent.call(`erp__${name}`), reason: 'grant_proposed' })
    expect(await agent.list()).toEqual(['erp__look'])
  })

  test('R039: one person’s signature is not enough', async () => {
    await expectRefused(governed, server, {
      call: () => governed.client('half', 'work').call('erp__change'),
      reason: 'grant_proposed',
    })
  })

  test('R039: two different people in the named roles sign, and the next call passes; nobody signs twice or for another', async () => {
    const agent = governed.client('unsigned', 'work')
    await sign('alice', 'engineer')
    await expect(sign('alice', 'security')).rejects.toMatchObject({ code: expect.stringMatching(/CONFLICT|FORBIDDEN/) as unknown })
    await expect(sign('erin', 'security')).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    await expect(sign('bob', 'security', 'alice')).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
    await expectRefused(governed, server, { call: () => agent.call('erp__change'), reason: 'grant_proposed' })
    await sign('bob', 'security')
    expect((await agent.call('erp__change')).said).toBe('change done')
    const signatures = (await governed.entries()).filter(
      (entry) => entry.type === 'admin' && entry.verb === 'manifest.sign' && entry.outcome === 'done',
    )
    expect(signatures.map((entry) => entry.type === 'admin' && entry.actor.id)).toEqual(['alice', 'bob'])
  })
})

describe('what needs a person is refused until people can be asked', () => {
  test.each(['send', 'remove', 'pay'] as const)(
    'R139 R141 R142: a signed grant of %s still waits, at every tier and confidence',
    async (name) => {
      const call = () => governed.client('signed', 'work').call(`erp__${name}`, { confidence: 1, approved: true })
      const { answer } = await expectRefused(governed, server, { call, reason: 'approval_unavailable' })
      expect(answer.refusal?.effect).toBe('require_approval')
    },
  )

  test('R033 R141: so do tier high and requiresHumanApproval', async () => {
    const agent = governed.client('tiered', 'work')
    for (const name of ['look', 'change'])
      await expectRefused(governed, server, { call: () => agent.call(`erp__${name}`), reason: 'approval_unavailable' })
  })

  test('R142 R141: a signed reversible write passes', async () => {
    expect((await governed.client('signed', 'work').call('erp__change')).said).toBe('change done')
  })

  test.each<[string, Record<string, Record<string, string | boolean>>, string]>([
    ['R140', { 'erp.look': { scope: 'read' } }, 'a tool without a tier'],
    ['R028', { 'erp.look': { tier: 'low' } }, 'a tool without a scope'],
    ['R142', { 'erp.pay': { scope: 'transact', tier: 'low', requiresHumanApproval: false } }, 'an exemption from approval'],
    ['R026', { 'erp.*': { scope: 'read', tier: 'low' } }, 'a wildcard grant'],
  ])('%s: a manifest with %j does not come into force: %s', async (_, grant) => {
    const size = (await governed.entries()).length
    governed.writeManifest('tiered', { tasks: { work: { tools: grant } } })
    await vi.waitFor(
      async () =>
        expect((await governed.entries()).slice(size)).toContainEqual(
          expect.objectContaining({ type: 'admin', verb: 'manifest.rejected' }),
        ),
      5_000,
    )
    await expectRefused(governed, server, {
      call: () => governed.client('tiered', 'work').call('erp__change'),
      reason: 'approval_unavailable',
    })
  })

  test('R147: a manifest that says nothing about thresholds has them all', async () => {
    governed.writeManifest('half', { tasks: { work: { tools: reads('erp.look') } } })
    await vi.waitFor(
      async () => expect(await governed.control('alice', 'manifest.show', { agent: 'half' })).toMatchObject({ version: 2 }),
      5_000,
    )
    const shown = await governed.control('alice', 'manifest.show', { agent: 'half' })
    expect(shown).toMatchObject({
      manifest: { defaults: { approvalTimeoutMs: 900_000, confidenceMin: 0.8, rateLimit: { callsMax: 600, windowMs: 60_000 } } },
    })
  })
})
