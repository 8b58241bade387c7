import type { Measured, Program, RunOptions } from '../report.ts'
import { measureFirstPage } from './console/first-page.ts'
import { measureLive } from './console/live-tail.ts'
import { measureSearches } from './console/searches.ts'
import { openConsoleStage } from './console/stage.ts'

const FULL = { entries: 1_000_000, loads: 9, liveMs: 30_000 }
const SHORT = { entries: 100_000, loads: 3, liveMs: 8_000 }

/** The console over a long log, in a real browser beside the processes it is a window to. */
export const console: Program = {
  about: 'the console in Chromium: weight of the first page, time to the overview, search of a long log, the live page under load',
  run,
}

async function run({ short, note }: RunOptions): Promise<Measured> {
  const { entries, loads, liveMs } = short ? SHORT : FULL
  const stage = await openConsoleStage(entries, note)
  try {
    note('first page')
    const first = await measureFirstPage(stage, loads)
    const searches = await measureSearches(stage, entries, note)
    note('live page')
    const live = await measureLive(stage, liveMs)
    return {
      figures: { entries, ...first.figures, ...searches.figures, ...live.figures },
      targets: { ...first.targets, ...searches.targets, ...live.targets },
    }
  } finally {
    await stage.close()
  }
}
