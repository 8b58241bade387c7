import { exactly, type Measured, type Program, type RunOptions, type Target } from '../report.ts'
import { PITFALLS } from './approvals/pitfalls.ts'
import { race, type Raced } from './approvals/races.ts'
import { openPayingWorld, STORES, type StoreName } from './approvals/world.ts'

const FULL = 10_000
const SHORT = 100

/** What goes wrong with approvals elsewhere, tried against the running product over both stores. */
export const approvals: Program = {
  about: 'approvals under every known pitfall and in races, over both stores and two gateways: no act without a grant, none twice',
  run: async (options) => {
    const results = []
    for (const store of STORES) results.push(await measure(store, options))
    return report(results)
  },
}

interface Result {
  readonly store: StoreName
  readonly failed: readonly string[]
  readonly raced: Raced
}

async function measure(store: StoreName, { short, note }: RunOptions): Promise<Result> {
  const world = await openPayingWorld(store)
  try {
    const failed: string[] = []
    for (const { name, holds } of PITFALLS) if (!(await holds(world))) failed.push(name)
    note(`${store}: ${PITFALLS.length - failed.length} of ${PITFALLS.length} pitfalls hold`)
    for (const name of failed) note(`FAILED  ${name}`)
    const raced = await race(world, short ? SHORT : FULL)
    note(`${store}: ${raced.races} races`)
    return { store, failed, raced }
  } finally {
    await world.close()
  }
}

function report(results: readonly Result[]): Measured {
  const targets: [string, Target][] = results.flatMap(({ store, failed, raced }) => {
    const prefix = store === 'embedded' ? 'embedded' : 'shared'
    return [
      [`${prefix}PitfallsHeld`, exactly(PITFALLS.length - failed.length, PITFALLS.length)],
      [`${prefix}DoubleConsumes`, exactly(raced.doubles, 0)],
      [`${prefix}ActsWithoutGrant`, exactly(raced.ungranted, 0)],
      [`${prefix}ApprovedAndNotRun`, exactly(raced.missed, 0)],
    ]
  })
  return {
    figures: {
      pitfalls: PITFALLS.map(({ name }) => name),
      failed: results.flatMap(({ store, failed }) => failed.map((name) => `${store}: ${name}`)),
      races: Object.fromEntries(results.map(({ store, raced }) => [store, raced.races])),
    },
    targets: Object.fromEntries(targets),
  }
}
