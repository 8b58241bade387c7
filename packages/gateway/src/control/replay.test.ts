import type { EntryBody } from '@sallyport/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSignInWorld, output, type SignInWorld } from '../fixtures/sign-in-world.ts'

const DAY_MS = 86_400_000
let it: SignInWorld
beforeEach(async () => {
  it = await openSignInWorld()
})
afterEach(() => it.close())

const text = (tools: string, more = ''): string =>
  `apiVersion: sallyport/v1\nagent: a\nowner: o\npurpose: p\n${more}tasks: { work: { tools: ${tools} } }\n`

function record(name: string, effect: 'allow' | 'deny', more: object = {}): Promise<number> {
  const manifest = it.world.state.manifestVersions('a').at(-1)?.hash ?? ''
  const vote =
    effect === 'allow'
      ? { rule: 'grant', effect, reason: 'granted', mode: 'enforce' }
      : { rule: 'grant', effect, reason: 'tool_not_in_manifest', mode: 'enforce' }
  const body = {
    type: 'decision',
    actor: { type: 'agent', id: 'a' },
    onBehalfOf: 'system',
    task: 'work',
    action: { kind: 'tool.call', server: 'erp', name, digest: '' },
    enforced: effect,
    votes: [vote],
    versions: { gateway: '1', epoch: 0, manifest },
    ...more,
  }
  return it.log.append(body as unknown as EntryBody)
}

async function pin(tool: string, effect: 'read' | 'write'): Promise<void> {
  const definition = { name: tool, inputSchema: { type: 'object' } }
  const value = { server: 'erp', tool, hash: 'ab'.repeat(32), definition, effect, reviewedBy: 'olga', reviewedAtMs: 0 }
  await it.world.state.transact([{ op: 'put', kind: 'pin', value: value as never }])
}

const replay = async (manifest: string, days = 7): Promise<Record<string, never>> =>
  (await output(it.asOlga('manifest.replay', { agent: 'a', text: manifest, days }))) as unknown as Record<string, never>

test('says what a manifest would block, ask about and newly allow, before it is saved', async () => {
  await pin('write', 'write')
  await pin('look', 'read')
  await record('write', 'allow')
  await record('write', 'allow')
  await record('look', 'deny')
  const same = await replay(text('{ erp.write: { scope: write, tier: medium } }'))
  expect(same).toMatchObject({ acts: 3, same: 3, changes: [] })
  const changed = await replay(
    text('{ erp.write: { scope: write, tier: medium, requiresHumanApproval: true }, erp.look: { scope: read, tier: low } }'),
  )
  expect(changed).toMatchObject({
    same: 0,
    changes: [
      { name: 'erp.write', before: 'allow', after: 'require_approval', count: 2, last: 1, isCertain: true },
      { name: 'erp.look', before: 'deny', after: 'allow', count: 1, isCertain: false },
    ],
  })
  const blocked = await replay(text('{}', 'denied: ["erp.*"]\n'))
  expect(blocked).toMatchObject({
    changes: [{ name: 'erp.write', after: 'deny', reasons: ['explicitly_denied', 'tool_not_in_manifest'] }],
  })
  expect(it.world.state.manifestVersions('a')).toHaveLength(1)
})

test('a tool nobody reviewed stays refused, whatever is granted; acts of others, and older ones, are not looked at', async () => {
  await record('new', 'deny')
  await record('write', 'allow', { actor: { type: 'agent', id: 'other' } })
  const granted = await replay(text('{ erp.new: { scope: read, tier: low } }'))
  expect(granted).toMatchObject({ acts: 1, changes: [{ before: 'deny', after: 'deny', reasons: ['tool_unreviewed'] }] })
  it.world.clock.advance(8 * DAY_MS)
  expect(await replay(text('{}'))).toMatchObject({ acts: 0 })
  expect(await replay(text('{}'), 10)).toMatchObject({ acts: 1 })
})

test('what is no manifest of this agent is refused by name', async () => {
  expect(await it.asOlga('manifest.replay', { agent: 'a', text: 'tasks: [' })).toMatchObject({ ok: false, code: 'CONFIG_INVALID' })
  expect(await it.asOlga('manifest.replay', { agent: 'a', text: text('{}').replace('agent: a', 'agent: b') })).toMatchObject({
    code: 'CONFIG_INVALID',
  })
  expect(await it.asOlga('manifest.replay', { agent: 'nobody', text: text('{}') })).toMatchObject({ code: 'NOT_FOUND' })
})
