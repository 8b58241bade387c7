import { atLeast, atMost, exactly, type Program, type Target } from '../report.ts'
import { scoreGenerated, type Sizes } from './dlp/generated.ts'
import { scoreHealth } from './dlp/health-notes.ts'
import { measurePace } from './dlp/pace.ts'
import { dataFolder, readPresidio, scorePresidio } from './dlp/presidio.ts'
import { scoreWaysOut } from './dlp/ways-out.ts'

const FULL: Sizes = { labelled: 600, unlabelled: 300, family: 750 }
const SHORT: Sizes = { labelled: 60, unlabelled: 30, family: 75 }
const PRECISION_PERCENT_MIN = 98
const PROSE_MICROSECONDS_MAX = 3

/** How well identifiers are detected: on other people's data, on made-up numbers and their near misses, on notes about health. */
export const dlp: Program = {
  about: 'identifiers of people and cards: precision and recall per type, near misses, notes about health, ways out, µs per KB',
  run: async ({ short, note }) => {
    const folder = dataFolder()
    const rows = readPresidio(folder)
    note(rows ? `${rows.length} texts of pii_presidio` : 'no data set pii_presidio here: figures of the own corpora only')
    const presidio = rows ? scorePresidio(rows) : 'not measured: the data set is not there (SALLYPORT_DATA)'
    note('made-up numbers and near misses')
    const generated = scoreGenerated(short ? SHORT : FULL)
    const health = scoreHealth()
    const waysOut = scoreWaysOut()
    note('pace')
    const microsecondsPerKb = measurePace(short ? 60 : 400)
    const targets: Record<string, Target> = {
      waysOutStopped: exactly(waysOut.stopped, Number(waysOut['attempts'])),
      twinsPassed: exactly(waysOut.passed, Number(waysOut['attempts'])),
    }
    for (const [code, { precision }] of [...Object.entries(generated.checked), ...Object.entries(generated.ranged)])
      targets[`${code}PrecisionPercent`] = atLeast(percent(precision.share), PRECISION_PERCENT_MIN, ' %')
    const { onePass: _, ...prose } = microsecondsPerKb['prose'] ?? {}
    for (const [id, time] of Object.entries(prose)) targets[`${id}ProseMicrosecondsPerKb`] = atMost(time, PROSE_MICROSECONDS_MAX)
    return { figures: { presidio, generated, health, waysOut, microsecondsPerKb }, targets }
  },
}

function percent(share: number | null): number {
  return Math.round((share ?? 0) * 10_000) / 100
}
