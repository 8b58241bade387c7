import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { serveConsole, type ConsoleServer } from '../console-server/index.ts'
import {
  MAIL_AUTH,
  mailServer,
  pagerdutyReceiver,
  ROUTING_KEY,
  SLACK_TOKEN,
  slackReceiver,
  TEAMS_PATH,
  teamsReceiver,
} from '../fixtures/channel-receivers.ts'
import { type Governed, govern } from '../fixtures/govern.ts'
import { freePort } from '../fixtures/postgres.ts'
import type { Received, Receiver } from '../fixtures/receivers.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'
import { selfSigned } from '../fixtures/self-signed.ts'
import { tempFolder } from '../fixtures/world.ts'
import { loadConfig } from '../load-config.ts'

const WAIT = { timeout: 15_000, interval: 20 }
const SECRET = 'IBAN-DE02120300000000202051'
const tools = [tool('pay', () => text('paid'))]
const tls = selfSigned()

let server: RecordingServer
let folder: ReturnType<typeof tempFolder>
let governed: Governed
let consoleServer: ConsoleServer
let receivers: Receiver[]
const told = { email: [] as Received[], slack: [] as Received[], teams: [] as Received[], pagerduty: [] as Received[] }
const into = (list: Received[]) => ({ onReceived: (one: Received) => list.push(one) })

beforeAll(async () => {
  folder = tempFolder()
  writeFileSync(join(folder.path, 'ca.pem'), tls.cert)
  mkdirSync(join(folder.path, 'pages'))
  writeFileSync(join(folder.path, 'pages', 'index.html'), '<!doctype html><title>console</title>')
  server = await startRecordingServer({ tools })
  const mail = await mailServer({ tls, mode: 'starttls', ...into(told.email) })
  const [slack, teams, pagerduty] = [
    await slackReceiver(into(told.slack)),
    await teamsReceiver(into(told.teams)),
    await pagerdutyReceiver(into(told.pagerduty)),
  ]
  receivers = [mail, slack, teams, pagerduty]
  const at = ({ port }: Receiver) => `http://127.0.0.1:${port}`
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: { erp: tools.map(({ definition }) => [definition, 'transact'] as const) },
    people: { dana: { roles: ['approver'], attributes: {} } },
    agents: { clerk: { tasks: { work: { tools: { 'erp.pay': { scope: 'transact', tier: 'low', approvers: 1 } } } } } },
    config: {
      approvals: { holdMs: 0 },
      console: { port: await freePort() },
      sinks: [
        {
          type: 'email',
          id: 'mail',
          server: '127.0.0.1',
          port: mail.port,
          tls: 'starttls',
          auth: MAIL_AUTH,
          from: 'sallyport@gateway.example',
          to: ['oncall@people.example'],
          caFile: join(folder.path, 'ca.pem'),
        },
        { type: 'slack', id: 'chat', url: `${at(slack)}/api`, token: SLACK_TOKEN, channel: 'C0123456789' },
        { type: 'teams', id: 'room', webhookUrl: `${at(teams)}${TEAMS_PATH}` },
        { type: 'pagerduty', id: 'pager', url: at(pagerduty), routingKey: ROUTING_KEY },
      ],
    },
  })
  const { config } = loadConfig(governed.home.configFile)
  if (!config.console) throw new TypeError('no console')
  consoleServer = await serveConsole({
    config: config.console,
    controlSocket: governed.home.controlSocket,
    filesDir: join(folder.path, 'pages'),
  })
})
afterAll(async () => {
  await consoleServer?.close()
  await governed?.close()
  await Promise.all((receivers ?? []).map((receiver) => receiver.close()))
  await server?.close()
  folder.remove()
})

const ask = () => governed.client('clerk', 'work').call('erp__pay', { amount: 1, to: SECRET })
/** Messages of every channel about one entry of the log. */
const messagesOf = (index: number) => Object.values(told).map((list) => list.filter((one) => one.index === index))
const entryOf = async (verb: string): Promise<number> =>
  vi.waitFor(async () => {
    const found = (await governed.entries()).find((entry) => entry.type === 'admin' && entry.verb === verb)
    if (!found) throw new Error(`no ${verb}`)
    return found.index
  }, WAIT)

test('R149: every channel is told what waits, once, without arguments, and when somebody decided', async () => {
  const { refusal } = await ask()
  const { approval } = refusal as unknown as { approval: { id: string; url: string } }
  // Again and again, as an agent does that waits.
  for (let i = 0; i < 3; i++) await ask()
  const asked = await entryOf('approval.asked')
  await vi.waitFor(() => expect(messagesOf(asked).map((list) => list.length)).toEqual([1, 1, 1, 1]), WAIT)
  for (const [message] of messagesOf(asked)) {
    const said = message?.record.replaceAll('=\r\n', '').replaceAll('=3D', '=') ?? ''
    expect(said).toContain(approval.url)
    expect(said).not.toContain(SECRET)
  }

  // R144: looking at the link decides nothing, whoever follows it: a program that reads mail, or a chat that previews it.
  const before = await governed.entries()
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    const { status } = await fetch(approval.url, { method, redirect: 'manual' })
    expect(status).toBeLessThan(500)
  }
  const { origin } = new URL(approval.url)
  for (const path of ['approval/decide', 'approval/show'])
    for (const method of ['GET', 'POST'])
      expect((await fetch(`${origin}/api/v1/${path}?id=${approval.id}&verdict=approve`, { method })).ok).toBe(false)
  const after = (await governed.entries()).slice(before.length)
  expect(after.filter((entry) => entry.type === 'admin' && entry.verb.startsWith('approval.') && entry.outcome === 'done')).toEqual(
    [],
  )
  const { requests } = (await governed.control('dana', 'approval.list', {})) as unknown as {
    requests: { id: string; state: string }[]
  }
  expect(requests).toMatchObject([{ id: approval.id, state: 'pending' }])
  expect(server.calls()).toBe(0)

  const { shown } = (await governed.control('dana', 'approval.show', { id: approval.id })) as unknown as { shown: string }
  await governed.control('dana', 'approval.decide', { id: approval.id, verdict: 'approve', reason: 'as agreed', shown })
  const decided = await entryOf('approval.decide')
  await vi.waitFor(() => expect(messagesOf(decided).map((list) => list.length)).toEqual([1, 1, 1, 1]), WAIT)
  const incidents = told.pagerduty.map(({ record }) => JSON.parse(record) as { event_action: string; dedup_key: string })
  expect(incidents.map(({ event_action, dedup_key }) => [event_action, dedup_key])).toEqual([
    ['trigger', approval.id],
    ['resolve', approval.id],
  ])
  expect((await ask()).said).toBe('paid')
})

test('R149: isolation of the agent says that nobody needs to decide any more', async () => {
  const { refusal } = await governed.client('clerk', 'work').call('erp__pay', { amount: 2, to: SECRET })
  const { approval } = refusal as unknown as { approval: { id: string } }
  await governed.control('bob', 'isolate', { agent: 'clerk', reason: 'a drill' })
  const cancelled = await entryOf('approval.cancelled')
  await vi.waitFor(() => expect(messagesOf(cancelled).map((list) => list.length)).toEqual([1, 1, 1, 1]), WAIT)
  expect(told.pagerduty.map(({ record }) => JSON.parse(record) as object).at(-1)).toMatchObject({
    event_action: 'resolve',
    dedup_key: approval.id,
  })
})

test('R137: channels are in the status of sinks, and no secret of theirs is in the log', async () => {
  const said = JSON.stringify(await governed.control('alice', 'sinks.status', {}))
  for (const id of ['mail', 'chat', 'room', 'pager']) expect(said).toContain(`"${id}"`)
  const log = `${said}${governed.logBytes().toString('latin1')}`
  for (const secret of [MAIL_AUTH.password, SLACK_TOKEN, ROUTING_KEY, 'a-secret-signature']) expect(log).not.toContain(secret)
})
