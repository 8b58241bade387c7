import type { Measured, RunOptions } from '../report.ts'
import { type LoadChild, type ServerChild, startLoad, startServer } from './gateway/children.ts'
import { type GovernedHome, prepareHome } from './gateway/governed.ts'

/** What every part of a bench of the gateway works with: who calls, who answers, and a home folder whose gateway stands between. */
export interface Stage extends RunOptions {
  readonly load: LoadChild
  readonly upstream: ServerChild
  readonly governed: GovernedHome
}

/** Runs the parts of a bench one after the other on one stage, and takes it down whatever happens. */
export async function measureOnStage(
  options: RunOptions,
  parts: readonly ((stage: Stage) => Promise<Measured>)[],
): Promise<Measured> {
  const load = startLoad()
  const stops = [load.stop]
  try {
    const upstream = await startServer('upstream')
    stops.push(upstream.stop)
    const governed = await prepareHome(upstream.url)
    stops.push(async () => governed.remove())
    const measured: Measured[] = []
    for (const part of parts) measured.push(await part({ ...options, load, upstream, governed }))
    return {
      figures: Object.assign({}, ...measured.map(({ figures }) => figures)),
      targets: Object.assign({}, ...measured.map(({ targets }) => targets)),
    }
  } finally {
    for (const stop of stops) await stop()
  }
}
