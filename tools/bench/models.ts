import { setTimeout as delay } from 'node:timers/promises'
import { atLeast, atMost, exactly, type Figure, type Measured, type Program } from '../report.ts'
import { chatCall, LARGE_MODEL, type LoadRequest } from './gateway/call.ts'
import { residentMib, startServer } from './gateway/children.ts'
import { type GovernedHome, prepareHome, startGateway } from './gateway/governed.ts'
import { openInspector } from './gateway/inspector.ts'
import { portkeyHeaders, startPortkey } from './gateway/portkey.ts'
import { measureRounds, pace, type Rates, round3, table } from './gateway/rounds.ts'
import { measureOnStage, type Stage } from './stage.ts'

const CONNECTIONS = [1, 16, 64]
const PATH = '/chat/completions'
const STREAMS = 200
/** Waves of streams; what is held after the first is what a gateway needs, and must not grow after it. */
const WAVES = 4
const SAMPLE_MS = 50
const MB_PER_MIB = 1.048576

/** What model calls cost through the gateway, against nothing, the least a proxy can do, and Portkey. */
export const models: Program = {
  about: 'calls/s, added latency, first streamed byte and memory of model calls, beside Portkey and a bare proxy',
  run: (options) => measureOnStage(options, [callsAndStreams, largeStreams]),
}

async function callsAndStreams(stage: Stage): Promise<Measured> {
  const { short, note, load, upstream, governed } = stage
  const blindHome = await prepareHome(upstream.url)
  const children = [
    await startServer('bare-proxy', [upstream.url]),
    await startGateway(governed.home),
    await startGateway(blindHome.home, { blind: true }),
  ]
  const portkey = await startPortkey(stage)
  if (portkey) children.push(portkey)
  const contestants = async (stream: boolean): Promise<Readonly<Record<string, LoadRequest>>> => ({
    direct: chatCall(`${upstream.url}/v1${PATH}`, { stream }),
    bareProxy: chatCall(`${children[0]?.url}/v1${PATH}`, { stream }),
    ...(await answering({ portkey: portkey && portkeyCall(portkey.url, upstream.url, stream) }, note)),
    gateway: chatCall(governed.modelsUrl + PATH, { stream, headers: keyOf(governed) }),
    gatewayUnguarded: chatCall(blindHome.modelsUrl + PATH, { stream, headers: keyOf(blindHome) }),
  })
  try {
    note('whole answers')
    const plan = { load, connections: short ? [1, 64] : CONNECTIONS, ...pace(short), ...(short && { rounds: 1 }) }
    const whole = await measureRounds({ ...plan, contestants: await contestants(false) })
    note('streamed answers')
    const streamed = await measureRounds({ ...plan, contestants: await contestants(true) })
    return compare({ whole, streamed })
  } finally {
    for (const child of children) await child.stop()
    blindHome.remove()
  }
}

function portkeyCall(url: string, upstreamUrl: string, stream: boolean): LoadRequest {
  return chatCall(`${url}/v1${PATH}`, { stream, headers: portkeyHeaders(upstreamUrl) })
}

/** Those that answer at all: Portkey 1.15.2 fails with every stream on Node 24 (`TypeError: immutable` in its own headers). */
async function answering(
  contestants: Readonly<Record<string, LoadRequest | undefined>>,
  note: Stage['note'],
): Promise<Record<string, LoadRequest>> {
  const found: Record<string, LoadRequest> = {}
  for (const [name, request] of Object.entries(contestants)) {
    if (!request) continue
    const answer = await fetch(request.url, { method: 'POST', headers: request.headers, body: request.body })
    if ((await answer.text()).includes(request.mark)) found[name] = request
    else note(`${name} is left out: it answers with ${answer.status}`)
  }
  return found
}

function keyOf({ token }: GovernedHome): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

function compare({ whole, streamed }: { readonly whole: Rates; readonly streamed: Rates }): Measured {
  const ratio = (rates: Rates, baseline: string): number | undefined => {
    const [own, base] = [rates['gateway']?.[64]?.callsPerSecond, rates[baseline]?.[64]?.callsPerSecond]
    return own === undefined || base === undefined ? undefined : round3(own / base)
  }
  const added = (rates: Rates, of: 'p50Ms' | 'p99Ms' | 'firstP50Ms' | 'firstP99Ms', name = 'gateway'): number =>
    round3((rates[name]?.[1]?.[of] ?? 0) - (rates['direct']?.[1]?.[of] ?? 0))
  const [timesPortkey, timesPortkeyStreamed] = [ratio(whole, 'portkey'), ratio(streamed, 'portkey')]
  const firstByteAddedP50Ms = added(streamed, 'firstP50Ms')
  return {
    figures: {
      whole: table(whole),
      streamed: table(streamed),
      addedP50Ms: added(whole, 'p50Ms'),
      addedP99Ms: added(whole, 'p99Ms'),
      addedUnguardedP50Ms: added(whole, 'p50Ms', 'gatewayUnguarded'),
      firstByteAddedP50Ms,
      firstByteAddedP99Ms: added(streamed, 'firstP99Ms'),
      firstByteAddedUnguardedP50Ms: added(streamed, 'firstP50Ms', 'gatewayUnguarded'),
      timesPortkeyAt64: timesPortkey ?? 'left out',
      timesPortkeyStreamedAt64: timesPortkeyStreamed ?? 'left out',
      timesBareProxyAt64: ratio(whole, 'bareProxy') ?? 0,
    },
    targets: {
      firstByteAddedP50Ms: atMost(firstByteAddedP50Ms, 10, ' ms'),
      ...(timesPortkey === undefined ? {} : { timesPortkeyAt64: atLeast(timesPortkey, 1) }),
    },
  }
}

/** Waves of streams of a mebibyte, all at once: each is served whole or told to come back, and nothing of a wave stays in memory. */
async function largeStreams({ short, note, load, governed }: Stage): Promise<Measured> {
  const waves = short ? 2 : WAVES
  note(`${waves} waves of ${STREAMS} streams of 1 MiB at once`)
  const child = await startGateway(governed.home, { inspect: true })
  const inspector = await openInspector(child.inspectorUrl)
  const request = chatCall(governed.modelsUrl + PATH, { model: LARGE_MODEL, stream: true, headers: keyOf(governed) })
  const peaksMb: number[] = []
  const keptMb: number[] = []
  const served: number[] = []
  let accounted = 0
  try {
    for (let wave = 0; wave < waves; wave++) {
      const peak = watchPeakMb(child.pid)
      const result = await load.run({ ...request, connections: STREAMS, callsMax: STREAMS })
      peaksMb.push(await peak.stop())
      keptMb.push(round3((await inspector.memoryMb()).heapMb))
      served.push(result.statuses['200'] ?? 0)
      accounted += (result.statuses['200'] ?? 0) + result.retryAfter
    }
  } finally {
    inspector.close()
    await child.stop()
  }
  const first = keptMb[0] ?? 0
  const growthPercent = first === 0 ? 0 : round3((100 * ((keptMb.at(-1) ?? 0) - first)) / first)
  const figures: Record<string, Figure> = {
    largeStreams: STREAMS,
    largeStreamsServed: served,
    largeStreamsPeakMb: peaksMb,
    largeStreamsKeptMb: keptMb,
    largeStreamsGrowthPercent: growthPercent,
  }
  return {
    figures,
    targets: {
      largeStreamsAccountedFor: exactly(accounted, waves * STREAMS),
      largeStreamsGrowthPercent: atMost(growthPercent, 10),
    },
  }
}

/** Most memory a process had between two moments, in MB, by looking often. */
function watchPeakMb(pid: number): { readonly stop: () => Promise<number> } {
  let peak = 0
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      peak = Math.max(peak, residentMib(pid) ?? 0)
      await delay(SAMPLE_MS)
    }
    return Math.round(peak * MB_PER_MIB)
  })()
  return {
    stop: () => {
      isOver = true
      return watching
    },
  }
}
