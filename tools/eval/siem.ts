import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Entry } from '@sallyport/core'
import { agentClient } from '../../packages/gateway/src/fixtures/agent-client.ts'
import { govern, reads, type Governed } from '../../packages/gateway/src/fixtures/govern.ts'
import { OTLP_KEY, SPLUNK_TOKEN, WEBHOOK_SECRET } from '../../packages/gateway/src/fixtures/receivers.ts'
import { startRecordingServer, text, tool } from '../../packages/gateway/src/fixtures/recording-server.ts'
import { selfSigned } from '../../packages/gateway/src/fixtures/self-signed.ts'
import { tempFolder } from '../../packages/gateway/src/fixtures/world.ts'
import { atMost, exactly, type Measured, type Program, type Target } from '../report.ts'
import { spawnGateway } from './crash/gateway-child.ts'
import { arrivedAt, DESTINATIONS, judge, quantile, type Arrived, type Destination, type Verdict } from './siem/judge.ts'

const CHILD = join(import.meta.dirname, 'siem/receivers-child.ts')
const AGENT = 'clerk'
const TASK = 'work'
const PORTS_MS_MAX = 20_000
/** Longest wait, after everything is up again, for the destinations to have everything. */
const CATCH_UP_MS_MAX = 120_000
/** Every so many calls one asks for what it may not have. */
const DENIED_EVERY = 7
/** A record must be searchable within seconds of the act (R135). */
const LAG_P99_MS_MAX = 5_000

/** Everything a destination should have and does not, or has and should not, through kill -9 of both sides. */
export const siem: Program = {
  about: 'what each destination received against what the log holds, through kill -9 of both sides',
  run: async ({ short, note }) => {
    const folder = tempFolder()
    const closing: (() => Promise<void> | void)[] = [() => folder.remove()]
    try {
      return await measure({ folder: folder.path, rounds: short ? 1 : 5, calls: short ? 60 : 400, note, closing })
    } finally {
      for (let end = closing.pop(); end; end = closing.pop()) await end()
    }
  },
}

interface Run {
  readonly folder: string
  readonly rounds: number
  readonly calls: number
  readonly note: (line: string) => void
  readonly closing: (() => Promise<void> | void)[]
}

async function measure(run: Run): Promise<Measured> {
  const { folder, rounds, calls, note, closing } = run
  writeTls(folder)
  let receivers = await startReceivers(folder)
  closing.push(() => receivers.kill())
  const { governed, secret } = await openWorld(run, receivers.ports)
  let gateway = spawnGateway(governed.home.dir)
  closing.push(() => gateway.kill().catch(() => undefined))

  note('calm: every destination is there')
  await load(await gateway.url(), secret, calls)
  await catchUp(folder, await sizeOf(governed))
  const calm = await governed.entries()

  for (let round = 1; round <= rounds; round++) {
    note(`round ${round} of ${rounds}: kill the destinations, then the gateway, under load`)
    const under = load(await gateway.url(), secret, calls)
    await wait(100)
    await receivers.kill()
    await under
    await gateway.kill()
    receivers = await startReceivers(folder, receivers.ports)
    gateway = spawnGateway(governed.home.dir)
    const again = load(await gateway.url(), secret, calls)
    await wait(150)
    await gateway.kill()
    await again
    gateway = spawnGateway(governed.home.dir)
    await gateway.url()
  }
  note('waiting until every destination has everything')
  await settle(governed)
  const size = await sizeOf(governed)
  await catchUp(folder, size)
  // Before it ends: a gateway that stops writes that down, and sends it at its next start.
  const measured = report({ folder, calm, entries: await governed.entries(), rounds })
  await gateway.stop()
  return measured
}

interface Receivers {
  readonly ports: readonly number[]
  kill(): Promise<void>
}

async function startReceivers(folder: string, ports: readonly number[] = []): Promise<Receivers> {
  const child: ChildProcess = fork(CHILD, [folder, JSON.stringify(ports)], {
    execArgv: ['--conditions=sallyport-source'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const [line] = (await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data', {
    signal: AbortSignal.timeout(PORTS_MS_MAX),
  })) as [Buffer]
  return {
    ports: JSON.parse(line.toString()) as number[],
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

async function openWorld({ folder, closing }: Run, ports: readonly number[]): Promise<{ governed: Governed; secret: string }> {
  const tools = [tool('find', () => text('found')), tool('secret', () => text('never'))]
  const server = await startRecordingServer({ tools })
  closing.push(() => server.close())
  const [syslog = 0, splunk = 0, otlp = 0, webhook = 0] = ports
  const url = (port: number): string => `http://127.0.0.1:${port}`
  const governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: { [AGENT]: { tasks: { [TASK]: { tools: reads('erp.find') } } } },
    config: {
      checkpointMs: 1_000,
      sinks: [
        { type: 'file', id: 'file', path: join(folder, 'events.jsonl'), rotateBytes: 1_048_576 },
        { type: 'syslog', id: 'syslog', server: '127.0.0.1', port: syslog, caFile: join(folder, 'ca.pem') },
        { type: 'splunk', id: 'splunk', url: url(splunk), token: SPLUNK_TOKEN },
        { type: 'otlp', id: 'otlp', url: url(otlp), headers: { 'x-key': OTLP_KEY } },
        { type: 'webhook', id: 'webhook', url: url(webhook), secret: WEBHOOK_SECRET },
      ],
    },
    start: false,
  })
  closing.push(() => governed.close())
  return { governed, secret: governed.secret(AGENT, TASK) }
}

/** Calls one after the other; those that break off because the gateway was killed are part of it. */
async function load(url: string, secret: string, calls: number): Promise<void> {
  const client = agentClient(url, AGENT, secret)
  for (let i = 0; i < calls; i++) {
    const isAnswered = await client.call(i % DENIED_EVERY === 0 ? 'erp__secret' : 'erp__find').then(
      () => true,
      () => false,
    )
    if (!isAnswered) return
  }
}

async function sizeOf(governed: Governed): Promise<number> {
  return (await governed.entries()).length
}

/** Until the log no longer grows: alerts on what the last kill left come a moment later. */
async function settle(governed: Governed): Promise<void> {
  for (let before = -1, now = await sizeOf(governed); before !== now;) {
    await wait(1_500)
    before = now
    now = await sizeOf(governed)
  }
}

async function catchUp(folder: string, size: number): Promise<void> {
  const deadline = Date.now() + CATCH_UP_MS_MAX
  const isDone = (destination: Destination): boolean =>
    new Set(arrivedAt(destination, { folder }).map(({ index }) => index)).size >= size
  while (!DESTINATIONS.every(isDone)) {
    // What is missing then is a finding, and counted as one.
    if (Date.now() > deadline) return
    await wait(200)
  }
}

interface Found {
  readonly folder: string
  readonly calm: readonly Entry[]
  readonly entries: readonly Entry[]
  readonly rounds: number
}

function report({ folder, calm, entries, rounds }: Found): Measured {
  const arrived = Object.fromEntries(DESTINATIONS.map((name) => [name, arrivedAt(name, { folder })])) as Record<
    Destination,
    Arrived[]
  >
  const verdicts = Object.fromEntries(DESTINATIONS.map((name) => [name, judge(name, arrived[name], entries.length)])) as Record<
    Destination,
    Verdict
  >
  const lags = Object.fromEntries(DESTINATIONS.filter((name) => name !== 'file').map((name) => [name, lagsOf(arrived[name], calm)]))
  const all = Object.values(lags).flat()
  const sum = (pick: (verdict: Verdict) => number): number =>
    Object.values(verdicts).reduce((total, verdict) => total + pick(verdict), 0)
  const targets: Record<string, Target> = {
    missing: exactly(
      sum(({ missing }) => missing),
      0,
    ),
    foreign: exactly(
      sum(({ foreign }) => foreign),
      0,
    ),
    invalid: exactly(
      sum(({ invalid }) => invalid),
      0,
    ),
    outOfOrder: exactly(
      sum(({ outOfOrder }) => outOfOrder),
      0,
    ),
    dropped: exactly(entries.filter((entry) => entry.type === 'admin' && entry.verb === 'sink.dropped').length, 0),
    lagP99Ms: atMost(quantile(all, 0.99), LAG_P99_MS_MAX, ' ms'),
  }
  return {
    figures: {
      entriesInLog: entries.length,
      killsOfTheGateway: rounds * 2,
      killsOfTheDestinations: rounds,
      destinations: Object.fromEntries(DESTINATIONS.map((name) => [name, { ...verdicts[name] }])),
      lagP50Ms: Object.fromEntries(Object.entries(lags).map(([name, values]) => [name, quantile(values, 0.5)])),
      lagP99Ms: Object.fromEntries(Object.entries(lags).map(([name, values]) => [name, quantile(values, 0.99)])),
    },
    targets,
  }
}

/** Time from an entry to its first arrival, for entries of the calm part: the others waited for a killed destination. */
function lagsOf(arrived: readonly Arrived[], calm: readonly Entry[]): number[] {
  const timeMs = new Map(calm.map((entry) => [entry.index, Date.parse(entry.time)]))
  const first = new Map<number, number>()
  for (const { index, atMs } of arrived) if (atMs !== undefined && !first.has(index)) first.set(index, atMs)
  return [...first].flatMap(([index, atMs]) => {
    const madeMs = timeMs.get(index)
    return madeMs === undefined ? [] : [Math.max(0, atMs - madeMs)]
  })
}

/** Certificates for the receivers, made once for a run. */
function writeTls(folder: string): void {
  const tls = selfSigned()
  writeFileSync(join(folder, 'tls.json'), JSON.stringify(tls), { mode: 0o600 })
  writeFileSync(join(folder, 'ca.pem'), tls.cert)
}
