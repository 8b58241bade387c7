import { setTimeout as delay } from 'node:timers/promises'
import { Pool } from 'undici'
import { atLeast, atMost, type Measured } from '../../report.ts'
import { quantiles } from '../audit/load.ts'
import { largeCall } from '../gateway/call.ts'
import { PREFIX } from '../gateway/governed.ts'
import type { ConsoleStage } from './stage.ts'

const ENTRIES_PER_S = 500
/** A call leaves its decision and its outcome. */
const CALLS_PER_S = ENTRIES_PER_S / 2
/** Of the agents together; more than these are in flight only in a queue here. */
const CONNECTIONS = 32
/** Of the pace the agents have to hold, or the page was not under its load. */
const HELD_SHARE = 0.95
const GAP_MS = 50
const LAG_P99_MS_TARGET = 2_000
const WARM_MS = 2_000

/** Notes how long each frame took, and ten times a second how old the newest row is. */
const WATCH = `(() => {
  const seen = { gapsMs: [], lagsMs: [], tasksMs: [] }
  new PerformanceObserver((list) => seen.tasksMs.push(...list.getEntries().map((one) => one.duration))).observe({ type: 'longtask' })
  globalThis.seen = seen
  let last = performance.now()
  let lookedMs = last
  const frame = (now) => {
    seen.gapsMs.push(now - last)
    last = now
    if (now - lookedMs >= 100) {
      lookedMs = now
      const times = [...document.querySelectorAll('main li time')].map((one) => Date.parse(one.dateTime))
      if (times.length > 0) seen.lagsMs.push(Date.now() - Math.max(...times))
    }
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
})()`

interface Seen {
  readonly gapsMs: readonly number[]
  readonly lagsMs: readonly number[]
  /** Tasks of the page longer than 50 ms (W3C Long Tasks): frames that are late without one waited for the machine. */
  readonly tasksMs: readonly number[]
}

/** The live page while agents act: whether frames are dropped, and how far what it shows is behind. */
export async function measureLive(stage: ConsoleStage, forMs: number): Promise<Measured> {
  const context = await stage.freshContext()
  const page = await context.newPage()
  await page.goto(`${stage.origin}/live`)
  await page
    .getByRole('status')
    .getByText(/entries/)
    .waitFor()
  const idle = await watched(async () => delay(WARM_MS))
  await paced(stage, WARM_MS)
  let acted = { calls: 0, failed: 0, perS: 0 }
  const busy = await watched(async () => {
    acted = await paced(stage, forMs)
  })
  await context.close()
  const dropped = busy.gapsMs.filter((gap) => gap > GAP_MS).length
  const lags = quantiles(busy.lagsMs)
  const figures = {
    liveEntriesPerS: acted.perS * 2,
    liveCallsFailed: acted.failed,
    liveFrames: busy.gapsMs.length,
    liveIdleFramesOver50Ms: idle.gapsMs.filter((gap) => gap > GAP_MS).length,
    liveFramesOver50Ms: dropped,
    liveTasksOver50Ms: busy.tasksMs.length,
    liveFrameMaxMs: Math.round(Math.max(...busy.gapsMs)),
    liveFrameP99Ms: quantiles(busy.gapsMs).P99Ms,
    liveNewestLagP50Ms: lags.P50Ms,
    liveNewestLagP99Ms: lags.P99Ms,
  }
  return {
    figures,
    targets: {
      liveEntriesPerS: atLeast(figures.liveEntriesPerS, ENTRIES_PER_S * HELD_SHARE),
      liveFramesOver50Ms: atMost(dropped, 0),
      liveNewestLagP99Ms: atMost(lags.P99Ms, LAG_P99_MS_TARGET, ' ms'),
    },
  }

  async function watched(during: () => Promise<void>): Promise<Seen> {
    await page.evaluate(WATCH)
    await during()
    return page.evaluate<Seen>('globalThis.seen')
  }
}

/** Calls at a fixed pace, whatever the gateway says. */
async function paced({ governed }: ConsoleStage, forMs: number): Promise<{ calls: number; failed: number; perS: number }> {
  const { url, headers, body } = largeCall(governed.url, { prefix: PREFIX, token: governed.token, bytes: 20 })
  const { origin, pathname } = new URL(url)
  const pool = new Pool(origin, { connections: CONNECTIONS })
  const pending: Promise<boolean>[] = []
  const startMs = performance.now()
  for (let sent = 0; performance.now() - startMs < forMs; await delay(5)) {
    const due = Math.floor(((performance.now() - startMs) / 1_000) * CALLS_PER_S)
    for (; sent < due; sent++) {
      pending.push(
        pool.request({ path: pathname, method: 'POST', headers, body }).then(
          async (response) => (await response.body.text()) !== '' && response.statusCode === 200,
          () => false,
        ),
      )
    }
  }
  const answers = await Promise.all(pending)
  await pool.close()
  const perS = Math.round((answers.length / (performance.now() - startMs)) * 1_000)
  return { calls: answers.length, failed: answers.filter((ok) => !ok).length, perS }
}
