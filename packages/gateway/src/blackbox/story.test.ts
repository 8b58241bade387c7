import type { Entry } from '@sallyport/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectRefused } from '../fixtures/expect-refused.ts'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'

const inputSchema = { type: 'object', properties: { n: { type: 'integer' } } }
const tools = [tool('find', () => text('found'), { inputSchema }), tool('fail', () => ({ ...text('no'), isError: true }))]
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: { clerk: { tasks: { work: { tools: reads('erp.find', 'erp.fail') } }, manifest: { denied: ['erp.gone'] } } },
  })
})
afterAll(async () => {
  await governed.close()
  await server.close()
})

const clerk = () => governed.client('clerk', 'work')

/** A session of its own; calls in it carry its token. */
async function sessionOf(user: string) {
  const { token, session } = await governed.control(user, 'session.create', { agent: 'clerk', task: 'work' })
  const headers = { authorization: `Bearer ${String(token)}` }
  return { id: String(session), call: (name: string, args = {}) => clerk().call(`erp__${name}`, args, { headers }) }
}
const acts = (entries: readonly Entry[]) => entries.filter((entry) => entry.type === 'decision' || entry.type === 'outcome')

test('R131: one session id gives the story of one request in order, one act id one step of it, and nothing of another session', async () => {
  const [one, other] = [await sessionOf('alice'), await sessionOf('bob')]
  await one.call('find')
  await other.call('find', { n: 1 })
  await one.call('absent')
  await Promise.all([one.call('fail'), other.call('fail')])
  const all = acts(await governed.entries())
  const story = all.filter((entry) => entry.session === one.id)
  expect(story.map((entry) => [entry.type, entry.action.name, entry.type === 'decision' ? entry.enforced : entry.status])).toEqual([
    ['decision', 'find', 'allow'],
    ['outcome', 'find', 'success'],
    ['decision', 'absent', 'deny'],
    ['decision', 'fail', 'allow'],
    ['outcome', 'fail', 'tool_error'],
  ])
  for (const entry of story) expect(entry).toMatchObject({ actor: { id: 'clerk' }, onBehalfOf: { user: 'alice' } })
  expect(all.filter((entry) => entry.session === other.id)).toHaveLength(4)

  const [decision, outcome] = story
  expect(all.filter((entry) => entry.act === decision?.act)).toEqual([decision, outcome])
  const read = await governed.control('bob', 'audit.read', { index: decision?.index ?? -1 })
  expect(read).toEqual({
    entry: decision,
    related: [outcome],
    state: expect.stringMatching(/^(durable|checkpointed|witnessed)$/) as unknown,
  })
  const denied = story[2]
  expect(all.filter((entry) => entry.act === denied?.act)).toEqual([denied])
})

test.each([
  ['absent', {}, 'tool_not_in_manifest'],
  ['gone', {}, 'explicitly_denied'],
  ['find', { n: 'many' }, 'args_invalid'],
] as const)('R012: a denied call of %s %j has the same reason in both revisions', async (name, args, reason) => {
  const told = []
  for (const era of ['modern', 'legacy'] as const) {
    const { answer, entry } = await expectRefused(governed, server, {
      call: () => clerk().call(`erp__${name}`, args, { era }),
      reason,
    })
    told.push({
      effect: answer.refusal?.effect,
      told: answer.refusal?.reasons,
      recorded: entry.reasons,
      said: answer.said.replace(/\d+\.$/, ''),
    })
  }
  expect(told[0]).toEqual(told[1])
  expect((await clerk().call('erp__find', {}, { era: 'legacy' })).said).toBe((await clerk().call('erp__find')).said)
})

test('R021: every call that went out is in the log with its server, agent and user; what did not go out has no outcome', async () => {
  const session = await sessionOf('bob')
  const [size, sent] = [(await governed.entries()).length, server.calls()]
  await session.call('find')
  await session.call('absent')
  await clerk().call('erp__find')
  const added = acts((await governed.entries()).slice(size))
  const outgoing = added.filter((entry) => entry.type === 'outcome')
  expect(outgoing).toHaveLength(server.calls() - sent)
  expect(outgoing).toMatchObject([
    { action: { server: 'erp', name: 'find' }, actor: { id: 'clerk' }, onBehalfOf: { user: 'bob', issuer: 'sallyport:local' } },
    { action: { server: 'erp', name: 'find' }, actor: { id: 'clerk' }, onBehalfOf: 'system' },
  ])
  for (const outcome of outgoing) {
    const { action, actor, onBehalfOf } = outcome
    expect(added).toContainEqual(
      expect.objectContaining({ index: outcome.decision, type: 'decision', enforced: 'allow', action, actor, onBehalfOf }),
    )
  }
})
