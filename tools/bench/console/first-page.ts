import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { atMost, type Measured } from '../../report.ts'
import { median } from '../gateway/rounds.ts'
import type { ConsoleStage } from './stage.ts'

const BUNDLE_KIB_TARGET = 350
const INTERACTIVE_MS_TARGET = 1_500
const READY_MS_MAX = 60_000

/** Sets `readyMs` in the frame in which every part of the overview has what it shows. */
const WATCH = `(() => {
  const look = () => {
    const main = document.querySelector('main')
    const isReady = main && main.querySelectorAll('section').length > 1 && !main.innerText.includes('Loading')
    if (isReady) globalThis.readyMs = performance.now()
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
})()`

/** What the first page weighs, and how long until somebody who is signed in can work with it, with nothing cached and again. */
export async function measureFirstPage(stage: ConsoleStage, loads: number): Promise<Measured> {
  const freshMs: number[] = []
  const againMs: number[] = []
  let bytes = 0
  for (let i = 0; i < loads; i++) {
    const context = await stage.freshContext()
    await context.addInitScript({ content: WATCH })
    const page = await context.newPage()
    const weighed = i === 0 ? weigh(page) : undefined
    freshMs.push(await loadMs(page, stage.origin))
    if (weighed) bytes = await weighed()
    againMs.push(await loadMs(page, stage.origin))
    await context.close()
  }
  const figures = {
    firstPageGzipKib: Math.ceil(bytes / 1_024),
    overviewInteractiveMs: Math.round(median(freshMs)),
    overviewInteractiveMaxMs: Math.round(Math.max(...freshMs)),
    overviewAgainMs: Math.round(median(againMs)),
  }
  return {
    figures,
    targets: {
      firstPageGzipKib: atMost(figures.firstPageGzipKib, BUNDLE_KIB_TARGET, ' KiB'),
      overviewInteractiveMs: atMost(figures.overviewInteractiveMs, INTERACTIVE_MS_TARGET, ' ms'),
    },
  }
}

async function loadMs(page: Page, origin: string): Promise<number> {
  await page.goto(`${origin}/`, { waitUntil: 'commit' })
  for (const endMs = Date.now() + READY_MS_MAX; Date.now() < endMs; await page.waitForTimeout(20)) {
    const readyMs = await page.evaluate<number | undefined>('globalThis.readyMs').catch(() => undefined)
    if (readyMs !== undefined) return readyMs
  }
  throw new Error('the overview never was whole')
}

/** Gzipped bytes of all that a page loads which is not data. */
function weigh(page: Page): () => Promise<number> {
  const bodies: Promise<Buffer>[] = []
  page.on('response', (response) => {
    if (!response.url().includes('/api/')) bodies.push(response.body())
  })
  return async () => (await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body).length, 0)
}
