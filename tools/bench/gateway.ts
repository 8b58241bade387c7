import { setTimeout as delay } from 'node:timers/promises'
import { type Figure, type Measured, type Program, type Target, atLeast, atMost, exactly } from '../report.ts'
import { largeCall, noticeCall, pageCall, toolCall } from './gateway/call.ts'
import { type ServerChild, residentMib, startServer } from './gateway/children.ts'
import { type GovernedHome, PREFIX, prepareHome, startGateway } from './gateway/governed.ts'
import { openInspector } from './gateway/inspector.ts'
import { type Rates, measureRounds, median, pace, round3, table } from './gateway/rounds.ts'
import { type Stage, measureOnStage } from './stage.ts'

const CONNECTIONS = [1, 16, 64]
const IDLE_MS = 3_000
/** By the early look compiled code, caches and pools have their size. */
const MEMORY_CALLS = { early: 10_000, late: 100_000 }
const MEMORY_CALLS_SHORT = { early: 3_000, late: 9_000 }
const LARGE_BODIES = 200
const MIB = 1_048_576
const MB_PER_MIB = 1.048576

/** What the gateway costs, against nothing, the least a proxy can do, and a proxy of the official SDK. */
export const gateway: Program = {
  about: 'calls/s, added latency, memory and start-up of the whole gateway',
  run: (options) => measureOnStage(options, [startUp, toolCalls, guardCost, largeBodies, memory, restart]),
}

/** From `exec` to the first governed answer, with a home folder that is there; then what an idle gateway holds. */
async function startUp({ short, note, governed }: Stage): Promise<Measured> {
  note('start-up')
  const call = toolCall(governed.url, { prefix: PREFIX, token: governed.token })
  const startsMs: number[] = []
  const idleMb: number[] = []
  for (let round = 0; round < (short ? 3 : 5); round++) {
    const startMs = performance.now()
    const child = await startGateway(governed.home)
    const answer = await fetch(call.url, { method: 'POST', headers: call.headers, body: call.body })
    const text = await answer.text()
    startsMs.push(performance.now() - startMs)
    if (answer.status !== 200 || !text.includes(call.mark))
      throw new Error(`the first call was answered with ${answer.status}: ${text.slice(0, 500)}`)
    await delay(IDLE_MS)
    const resident = residentMib(child.pid)
    if (resident !== undefined) idleMb.push(resident * MB_PER_MIB)
    await child.stop()
  }
  const [startMs, residentMb] = [Math.round(median(startsMs)), Math.round(median(idleMb))]
  return {
    figures: { startToFirstCallMs: startMs, ...(idleMb.length > 0 ? { idleResidentMb: residentMb } : {}) },
    targets: {
      startToFirstCallMs: atMost(startMs, 2_000),
      ...(idleMb.length > 0 ? { idleResidentMb: atMost(residentMb, 150) } : {}),
    },
  }
}

async function toolCalls({ short, note, load, upstream, governed }: Stage): Promise<Measured> {
  note('tool calls')
  const children = [
    await startServer('bare-proxy', [upstream.url]),
    await startServer('sdk-proxy', [upstream.url]),
    await startGateway(governed.home),
  ]
  const [bare, sdk] = children
  try {
    const before = await callsOf(upstream)
    const contestants = {
      direct: toolCall(`${upstream.url}/mcp`),
      bareProxy: toolCall(`${bare?.url}/mcp`),
      sdkProxy: toolCall(`${sdk?.url}/mcp`),
      gateway: toolCall(governed.url, { prefix: PREFIX, token: governed.token }),
    }
    const rates = await measureRounds({ load, contestants, connections: CONNECTIONS, ...pace(short) })
    const { figures, targets } = compare(rates)
    return { figures: { toolCalls: table(rates), ...figures, upstreamCalls: (await callsOf(upstream)) - before }, targets }
  } finally {
    for (const child of children) await child.stop()
  }
}

function compare(rates: Rates): Measured {
  const at = (name: string, connections: number): { callsPerSecond: number; p50Ms: number; p99Ms: number } =>
    rates[name]?.[connections] ?? { callsPerSecond: 0, p50Ms: 0, p99Ms: 0 }
  const share = (baseline: string): number => round3((100 * at('gateway', 64).callsPerSecond) / at(baseline, 64).callsPerSecond)
  const added = (connections: number, key: 'p50Ms' | 'p99Ms'): number =>
    round3(at('gateway', connections)[key] - at('direct', connections)[key])
  const figures: Record<string, number> = {
    shareOfBareProxyAt64Percent: share('bareProxy'),
    timesSdkProxyAt64: round3(share('sdkProxy') / 100),
  }
  for (const connections of CONNECTIONS) {
    figures[`addedP50MsAt${connections}`] = added(connections, 'p50Ms')
    figures[`addedP99MsAt${connections}`] = added(connections, 'p99Ms')
  }
  const targets = { shareOfBareProxyAt64Percent: atLeast(share('bareProxy'), 45), addedP50MsAt1: atMost(added(1, 'p50Ms'), 1.5) }
  return { figures, targets }
}

/**
 * What the guard adds: the same gateway twice, once with detectors that look at nothing (`blind.ts`), everything else alike, over
 * the call with a page of prose, the one with structured data, and one with a notice, over which the transformer is asked.
 */
async function guardCost({ short, note, load, upstream, governed }: Stage): Promise<Measured> {
  note('the guard')
  const other = await prepareHome(upstream.url)
  const children = [await startGateway(governed.home), await startGateway(other.home, { blind: true })]
  try {
    const options = ({ token }: GovernedHome): { prefix: string; token: string } => ({ prefix: PREFIX, token })
    const contestants = {
      directPage: pageCall(`${upstream.url}/mcp`),
      guardedPage: pageCall(governed.url, options(governed)),
      blindPage: pageCall(other.url, options(other)),
      directNotice: noticeCall(`${upstream.url}/mcp`),
      guardedNotice: noticeCall(governed.url, options(governed)),
      guardedData: toolCall(governed.url, options(governed)),
      blindData: toolCall(other.url, options(other)),
    }
    const rates = await measureRounds({ load, contestants, connections: [1, 64], ...pace(short) })
    const p50 = (name: string): number => rates[name]?.[1]?.p50Ms ?? 0
    const added = round3(p50('guardedPage') - p50('directPage'))
    const addedNotice = round3(p50('guardedNotice') - p50('directNotice'))
    const figures = {
      guardCalls: table(rates),
      guardAddedP50MsPage: round3(p50('guardedPage') - p50('blindPage')),
      guardAddedP50MsData: round3(p50('guardedData') - p50('blindData')),
      gatewayAddedP50MsPage: added,
      gatewayAddedP50MsNotice: addedNotice,
    }
    return {
      figures,
      targets: { gatewayAddedP50MsPage: atMost(added, 3, ' ms'), gatewayAddedP50MsNotice: atMost(addedNotice, 25, ' ms') },
    }
  } finally {
    for (const child of children) await child.stop()
    other.remove()
  }
}

/** Whether memory grows with the number of calls: after a full collection, early and late. */
async function memory({ short, note, load, governed }: Stage): Promise<Measured> {
  const calls = short ? MEMORY_CALLS_SHORT : MEMORY_CALLS
  note(`memory over ${calls.late} calls`)
  const child = await startGateway(governed.home, { inspect: true })
  const inspector = await openInspector(child.inspectorUrl)
  try {
    const request = { ...toolCall(governed.url, { prefix: PREFIX, token: governed.token }), connections: 64 }
    await load.run({ ...request, callsMax: calls.early })
    const early = await inspector.memoryMb()
    const rest = await load.run({ ...request, callsMax: calls.late - calls.early })
    if (rest.failed + rest.broken > 0) throw new Error(`calls failed: ${JSON.stringify(rest)}`)
    const late = await inspector.memoryMb()
    const growthPercent = round3((100 * (late.residentMb - early.residentMb)) / early.residentMb)
    const figures = {
      memoryCalls: calls.late,
      memoryEarlyCalls: calls.early,
      residentEarlyMb: round3(early.residentMb),
      residentLateMb: round3(late.residentMb),
      residentGrowthPercent: growthPercent,
    }
    return {
      figures: { ...figures, heapEarlyMb: round3(early.heapMb), heapLateMb: round3(late.heapMb) },
      targets: { residentGrowthPercent: atMost(growthPercent, 10) },
    }
  } finally {
    inspector.close()
    await child.stop()
  }
}

/** How long the gateway takes to come back when its log holds all the calls of this run. */
async function restart({ note, governed }: Stage): Promise<Measured> {
  note('restart over a full log')
  const startMs = performance.now()
  const child = await startGateway(governed.home)
  const restartMs = Math.round(performance.now() - startMs)
  await child.stop()
  return { figures: { restartMs }, targets: {} }
}

/** Many large bodies at once: each is served or told to come back, and the process lives. */
async function largeBodies({ note, load, governed }: Stage): Promise<Measured> {
  note(`${LARGE_BODIES} bodies of 1 MiB at once`)
  const child = await startGateway(governed.home)
  try {
    const request = largeCall(governed.url, { prefix: PREFIX, token: governed.token, bytes: MIB })
    const result = await load.run({ ...request, connections: LARGE_BODIES, callsMax: LARGE_BODIES })
    const after = await load.run({
      ...toolCall(governed.url, { prefix: PREFIX, token: governed.token }),
      connections: 1,
      callsMax: 1,
    })
    const served = result.statuses['200'] ?? 0
    const accounted = served + result.retryAfter
    const peak = residentMib(child.pid)
    const figures: Record<string, Figure> = {
      largeBodiesServed: served,
      largeBodiesToldToRetry: result.retryAfter,
      ...(peak === undefined ? {} : { largeBodiesResidentMb: Math.round(peak * MB_PER_MIB) }),
    }
    const survived: Target = {
      value: child.isAlive() && after.failed === 0,
      target: 'alive and serving',
      ok: child.isAlive() && after.failed === 0 && after.calls === 1,
    }
    return { figures, targets: { largeBodiesAccountedFor: exactly(accounted, LARGE_BODIES), largeBodiesSurvived: survived } }
  } finally {
    await child.stop()
  }
}

async function callsOf(upstream: ServerChild): Promise<number> {
  return Number(await (await fetch(`${upstream.url}/calls`)).text())
}
