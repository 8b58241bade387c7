import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { isJsonObject, type JsonObject } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type AgentClient, agentClient, type Answer } from '../fixtures/agent-client.ts'
import { type ErpWorld, openErpWorld, storesAt } from '../fixtures/erp-world.ts'
import type { Governed } from '../fixtures/govern.ts'
import { type RecordingServer, text, tool } from '../fixtures/recording-server.ts'
import type { Replica } from '../fixtures/replicate.ts'

const PAY = { 'erp.pay': { scope: 'transact', tier: 'low', approvers: 1 } }
const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } }
const tools = [
  tool('pay', ({ args }) => {
    if (args['to'] === 'nobody') return { ...text('no such account'), isError: true }
    return text(`paid ${String(args['amount'])}`)
  }),
]

describe.each(storesAt(inject('postgresUrl')))('how a client waits for people, %s', (_, postgresUrl) => {
  let world: ErpWorld
  let server: RecordingServer
  let governed: Governed
  /** Another gateway over the same database. */
  let second: Replica | undefined
  let amount = 0

  beforeAll(async () => {
    world = await openErpWorld(postgresUrl, {
      tools: [[tools[0]!, 'transact']],
      people: { dana: { roles: ['approver'], attributes: {} } },
      agents: {
        clerk: { tasks: { work: { tools: PAY }, other: { tools: PAY } } },
        thief: { tasks: { work: { tools: PAY } } },
        hasty: { tasks: { work: { tools: PAY } }, manifest: { defaults: { approvalTimeoutMs: 300 } } },
        stopped: { tasks: { work: { tools: PAY } } },
      },
      config: {
        approvals: { holdMs: 5_000 },
        console: { publicUrl: 'https://console.example' },
      },
    })
    ;({ server, governed, second } = world)
  })
  afterAll(() => world?.close())

  const begin = async (client: AgentClient, args: JsonObject): Promise<JsonObject> => {
    const { result } = await client.call('erp__pay', args, { capabilities: TASKS })
    expect(result).toMatchObject({ resultType: 'task', status: 'working' })
    return result ?? {}
  }
  const ask = (client: AgentClient, method: string, taskId: string, more: JsonObject = {}): Promise<Answer> =>
    client.rpc(method, { taskId, ...more }, { capabilities: TASKS, headers: { 'mcp-name': taskId } })
  const get = async (client: AgentClient, taskId: string): Promise<JsonObject> => {
    const { result, error } = await ask(client, 'tasks/get', taskId)
    if (!result) throw Object.assign(new Error(String(error?.['message'])), error)
    expect(result['resultType']).toBe('complete')
    return result
  }
  const decide = async (id: string, verdict: 'approve' | 'reject'): Promise<void> => {
    const { shown } = await governed.control('dana', 'approval.show', { id })
    await governed.control('dana', 'approval.decide', { id, verdict, reason: 'as agreed', shown: shown ?? '' })
  }
  const fresh = (): JsonObject => ({ amount: ++amount, to: 'Acme' })
  const clerk = (): AgentClient => governed.client('clerk', 'work')

  describe('as a task', () => {
    test('R141 R145: it is there before the client hears of it, waits, and runs once when the client asks after people approved', async () => {
      const args = fresh()
      const before = server.calls()
      const task = await begin(clerk(), args)
      const id = String(task['taskId'])
      expect(task).toMatchObject({ pollIntervalMs: expect.any(Number), ttlMs: expect.any(Number), createdAt: expect.any(String) })
      expect(String(task['statusMessage'])).toContain(`https://console.example/approvals/${id}`)
      expect(await get(clerk(), id)).toMatchObject({ taskId: id, status: 'working' })
      await decide(id, 'approve')
      expect(server.calls()).toBe(before)
      const [one, two] = await Promise.all([get(clerk(), id), get(clerk(), id)])
      for (const ended of [one, two, await get(clerk(), id)])
        expect(ended).toMatchObject({
          status: 'completed',
          result: { content: [{ type: 'text', text: `paid ${String(args['amount'])}` }] },
        })
      expect(server.calls()).toBe(before + 1)
      // The same call by hand is asked about anew.
      const again = await begin(clerk(), args)
      expect(again['taskId']).not.toBe(id)
    })

    test('R145: what was rejected or lapsed ends with that, and nothing runs', async () => {
      const before = server.calls()
      const rejected = String((await begin(clerk(), fresh()))['taskId'])
      await decide(rejected, 'reject')
      const refusal = { isError: true, _meta: { 'dev.sallyport/refusal': { reasons: ['approval_rejected'] } } }
      expect(await get(clerk(), rejected)).toMatchObject({ status: 'completed', result: refusal })
      const lapsed = String((await begin(governed.client('hasty', 'work'), fresh()))['taskId'])
      await new Promise((resolve) => setTimeout(resolve, 320))
      expect(await get(governed.client('hasty', 'work'), lapsed)).toMatchObject({
        status: 'completed',
        result: { isError: true, _meta: { 'dev.sallyport/refusal': { reasons: ['approval_expired'] } } },
      })
      expect(server.calls()).toBe(before)
      // Asking again, also once their answer stands no more, asks nobody anew.
      await new Promise((resolve) => setTimeout(resolve, 700))
      expect(await get(governed.client('hasty', 'work'), lapsed)).toMatchObject({ status: 'completed', result: { isError: true } })
      const { requests } = await governed.control('dana', 'approval.list', { all: true })
      expect((requests as JsonObject[]).filter((one) => one['agent'] === 'hasty')).toHaveLength(1)
    })

    test('R148: it is its caller’s alone: no other agent, person, or task gets at it', async () => {
      const id = String((await begin(clerk(), fresh()))['taskId'])
      await decide(id, 'approve')
      const before = server.calls()
      const actingFor = async (user: string): Promise<AgentClient> => {
        const { token } = await governed.control(user, 'session.create', { agent: 'clerk', task: 'work' })
        return agentClient(governed.url(), 'clerk', String(token))
      }
      const others = [governed.client('thief', 'work'), governed.client('clerk', 'other'), await actingFor('bob')]
      const bobs = String((await begin(await actingFor('bob'), fresh()))['taskId'])
      expect((await ask(await actingFor('alice'), 'tasks/get', bobs)).error).toMatchObject({ code: -32_602 })
      expect(await get(await actingFor('bob'), bobs)).toMatchObject({ status: 'working' })
      for (const other of others)
        for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update'])
          expect((await ask(other, method, id, { inputResponses: {} })).error).toMatchObject({ code: -32_602 })
      for (const unknown of [`apr-${'0'.repeat(24)}`, 'x', '../apr'])
        expect((await ask(clerk(), 'tasks/get', unknown)).error).toMatchObject({ code: -32_602 })
      expect((await clerk().rpc('tasks/get', { taskId: id }, { headers: { 'mcp-name': 'another' } })).error).toMatchObject({
        code: -32_020,
      })
      expect(server.calls()).toBe(before)
    })

    test('R141: only who declared the extension gets a task; the gateway says that it has it', async () => {
      const { result } = await clerk().rpc('server/discover')
      expect(result).toMatchObject({ capabilities: TASKS })
      const answers = clerk().call('erp__pay', fresh(), { era: 'legacy', capabilities: TASKS })
      expect((await answers).result).not.toHaveProperty('taskId')
      expect((await clerk().rpc('tasks/get', { taskId: 'x' }, { era: 'legacy' })).error).toMatchObject({ code: -32_601 })
    })

    test('R155: the agent can let it be; what was cancelled is not carried out, and what has run is not undone', async () => {
      const before = server.calls()
      const id = String((await begin(clerk(), fresh()))['taskId'])
      await decide(id, 'approve')
      expect((await ask(clerk(), 'tasks/update', id, { inputResponses: {} })).result).toMatchObject({ resultType: 'complete' })
      expect((await ask(clerk(), 'tasks/cancel', id)).result).toMatchObject({ resultType: 'complete' })
      expect(await get(clerk(), id)).toMatchObject({ status: 'cancelled' })
      expect(server.calls()).toBe(before)
      const entries = await governed.entries()
      expect(entries.findLast((one) => one.type === 'admin' && one.verb === 'approval.withdrawn')).toMatchObject({ target: id })
      const done = String((await begin(clerk(), fresh()))['taskId'])
      await decide(done, 'approve')
      await get(clerk(), done)
      await ask(clerk(), 'tasks/cancel', done)
      expect(await get(clerk(), done)).toMatchObject({ status: 'completed' })
    })

    test('R181: isolation ends it, and its client gets nothing any more', async () => {
      const stopped = governed.client('stopped', 'work')
      const id = String((await begin(stopped, fresh()))['taskId'])
      await decide(id, 'approve')
      const before = server.calls()
      await governed.control('bob', 'isolate', { agent: 'stopped', reason: 'test' })
      expect((await ask(stopped, 'tasks/get', id)).status).toBe(403)
      await governed.control('bob', 'release', { agent: 'stopped', reason: 'test', keepKeys: true })
      expect(await get(stopped, id)).toMatchObject({ status: 'cancelled' })
      expect(server.calls()).toBe(before)
    })

    test('R145: it outlives the gateway; once carried out, a gateway that forgot the answer says so and does nothing again', async () => {
      const args = fresh()
      const id = String((await begin(clerk(), args))['taskId'])
      await governed.stop()
      await governed.start()
      expect(await get(clerk(), id)).toMatchObject({ status: 'working' })
      await decide(id, 'approve')
      await governed.stop()
      await governed.start()
      const before = server.calls()
      expect(await get(clerk(), id)).toMatchObject({ status: 'completed' })
      await governed.stop()
      await governed.start()
      expect(await get(clerk(), id)).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('carried out') } })
      expect(server.calls()).toBe(before + 1)
    })

    // Where there are several, any of them answers; alone, the same one does.
    test('R145: any gateway answers, and only the one that carried it out has what came back', async () => {
      const args = fresh()
      const id = String((await begin(clerk(), args))['taskId'])
      const other = second?.client('clerk', 'work') ?? clerk()
      expect(await get(other, id)).toMatchObject({ status: 'working' })
      await decide(id, 'approve')
      expect(await get(other, id)).toMatchObject({ status: 'completed' })
      expect(await get(clerk(), id)).toMatchObject({ status: second ? 'failed' : 'completed' })
    })

    test('a tool that fails is a task that completed with an error of the tool', async () => {
      const id = String((await begin(clerk(), { amount: ++amount, to: 'nobody' }))['taskId'])
      await decide(id, 'approve')
      expect(await get(clerk(), id)).toMatchObject({ status: 'completed', result: { isError: true } })
    })
  })

  describe('by a page that its user opens', () => {
    /** The official client, with a person who opens pages as `open` says. */
    const connect = async (open: (url: string, message: string) => Promise<'accept' | 'decline' | 'cancel'>): Promise<Client> => {
      const capabilities = { elicitation: { url: {} } }
      const client = new Client({ name: 'desk', version: '1' }, { capabilities, versionNegotiation: { mode: 'auto' } })
      client.setRequestHandler('elicitation/create', async ({ params }) => {
        if (params.mode !== 'url') throw new Error('a form')
        return { action: await open(params.url, params.message) }
      })
      const requestInit = { headers: { authorization: `Bearer ${governed.secret('clerk', 'work')}` } }
      await client.connect(new StreamableHTTPClientTransport(new URL(`${governed.url()}/a/clerk/mcp`), { requestInit }))
      return client
    }

    test('R144 R148: the page says nothing and opens nothing by itself; once somebody approved there, the call is answered', async () => {
      const args = fresh()
      const before = server.calls()
      let pages = 0
      const client = await connect(async (url) => {
        pages++
        expect(url).toMatch(/^https:\/\/console\.example\/approvals\/apr-[0-9a-f]{24}$/)
        expect(server.calls()).toBe(before)
        const id = url.slice(-28)
        setTimeout(() => void decide(id, 'approve'), 100)
        return 'accept'
      })
      const { content } = await client.callTool({ name: 'erp__pay', arguments: args })
      expect(content).toEqual([{ type: 'text', text: `paid ${String(args['amount'])}` }])
      expect([pages, server.calls()]).toEqual([1, before + 1])
      await client.close()
    })

    test('R145: whoever opens it and does nothing has approved nothing; who turns it down is told at once', async () => {
      const before = server.calls()
      for (const action of ['decline', 'cancel'] as const) {
        const client = await connect(async () => action)
        const result = await client.callTool({ name: 'erp__pay', arguments: fresh() })
        expect(result._meta?.['dev.sallyport/refusal']).toMatchObject({ effect: 'require_approval' })
        await client.close()
      }
      const client = await connect(async (url) => {
        setTimeout(() => void decide(url.slice(-28), 'reject'), 100)
        return 'accept'
      })
      const refused = await client.callTool({ name: 'erp__pay', arguments: fresh() })
      expect(refused._meta?.['dev.sallyport/refusal']).toMatchObject({ reasons: ['approval_rejected'] })
      await client.close()
      expect(server.calls()).toBe(before)
    })

    test('R148: what a client says of the page is no vote, whatever state it brings', async () => {
      const before = server.calls()
      const args = fresh()
      const capabilities = { elicitation: { url: {} } }
      const { result } = await clerk().call('erp__pay', args, { capabilities })
      const asked = isJsonObject(result?.['inputRequests']) ? result['inputRequests'] : {}
      expect(asked).toMatchObject({ approval: { method: 'elicitation/create', params: { mode: 'url' } } })
      const { requestState } = result ?? {}
      for (const state of [requestState ?? '', `sallyport.apr-${'0'.repeat(24)}`])
        for (const content of [{ approved: true }, {}]) {
          const inputResponses = { approval: { action: 'decline', content }, other: { action: 'accept' } }
          const answer = await clerk().call('erp__pay', args, { capabilities, params: { requestState: state, inputResponses } })
          expect(answer.refusal?.effect).toBe('require_approval')
        }
      expect(server.calls()).toBe(before)
      const id = String(requestState).slice('sallyport.'.length)
      await decide(id, 'approve')
      // What comes with the answer never reaches the tool server.
      const inputResponses = { approval: { action: 'accept', content: { secret: 'x' } } }
      const done = await clerk().call('erp__pay', args, {
        capabilities,
        params: { requestState: requestState ?? '', inputResponses },
      })
      expect(done.said).toBe(`paid ${String(args['amount'])}`)
      expect(JSON.stringify(server.requests.at(-1))).not.toContain('secret')
    })
  })
})
