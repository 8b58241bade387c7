import { type Entry, isFailure } from '@sallyport/core'
import { atLeast, type Measured, type Program } from '../report.ts'
import { authzenDrivers, openAuthzenWorld } from './crossings/authzen-drivers.ts'
import { type Cell, cellsOf, channelsOf, formatLists, nameOf, requireDrivers } from './crossings/cells.ts'
import { type Crossed, mcpDrivers } from './crossings/mcp-drivers.ts'
import { openMcpWorld } from './crossings/mcp-world.ts'
import { modelsDrivers, openModelsWorld } from './crossings/models-drivers.ts'
import { BENIGN_IN, BENIGN_OUT, type Payload, PLANTED_IN, PLANTED_OUT } from './crossings/payloads.ts'

/** Names printed of one kind of miss; the count says the rest. */
const NAMED_MAX = 25

/** Drivers of each protocol, by format. A protocol in `packages/gateway/src/protocols` without an entry is a broken run. */
export const DRIVERS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  authzen: authzenDrivers,
  mcp: mcpDrivers,
  models: modelsDrivers,
}

/** A live gateway that speaks one protocol with a scripted other side. */
interface World {
  /** What does one thing at a time; different ones may be used at once. */
  laneOf(cell: Cell): unknown
  cross(cell: Cell, payload: Payload): Promise<Crossed>
  entries(): Promise<readonly Entry[]>
  close(): Promise<void>
}

const WORLDS: Readonly<Record<string, () => Promise<World>>> = {
  async mcp() {
    const world = await openMcpWorld()
    return {
      laneOf: (cell) => world.serverOf(cell),
      cross: (cell, payload) => mcpDrivers[cell.format.id as keyof typeof mcpDrivers]({ cell, payload, world }),
      entries: () => world.governed.entries(),
      close: () => world.close(),
    }
  },
  authzen: async () => ({ ...(await openAuthzenWorld()), laneOf: () => 'one agent' }),
  models: async () => ({ ...(await openModelsWorld()), laneOf: () => 'one provider' }),
}

/** Something planted and something ordinary through every cell of the live gateway. */
export const coverage: Program = {
  about: 'one planted payload and one benign twin through every channel, format, stage and direction',
  run: async ({ short, note }) => {
    const lists = await formatLists()
    for (const [protocol, list] of lists) requireDrivers(protocol, list, DRIVERS[protocol] ?? {})
    const all = cellsOf(lists)
    const cells = short ? all.filter(isInShortRun) : all
    note(`${cells.length} of ${all.length} cells`)
    const crossings: Crossing[] = []
    for (const [protocol, open] of Object.entries(WORLDS)) {
      const world = await open()
      note(`the gateway runs for ${protocol}`)
      try {
        const asked = cells.filter((cell) => cell.protocol === protocol)
        const own = await crossAll(asked, { world, note })
        const findingsOf = findingsByDecision(await world.entries())
        crossings.push(...own.map((crossing) => ({ ...crossing, findingsOf })))
      } finally {
        await world.close()
      }
    }
    return report(crossings, { cells: cells.length, all: all.length })
  },
}

/** Of the channels of a format one each, another one in each combination of the rest; of the revisions all. */
function isInShortRun(cell: Cell): boolean {
  const channels = channelsOf(cell.format)
  const turn = Buffer.from(`${cell.format.id} ${cell.pairing} ${cell.streaming}`).reduce((sum, byte) => sum + byte, 0)
  return channels[turn % channels.length] === cell.channel
}

interface Crossing extends Crossings {
  readonly findingsOf: (decision: number) => readonly Seen[]
}
interface Crossings {
  readonly cell: Cell
  readonly planted: Crossed
  readonly benign: Crossed
}

async function crossAll(
  cells: readonly Cell[],
  { world, note }: { readonly world: World; readonly note: (line: string) => void },
): Promise<readonly Crossings[]> {
  const crossings: Crossings[] = []
  const lanes = Map.groupBy(cells, (cell) => world.laneOf(cell))
  await Promise.all([...lanes.values()].map(crossInTurn))
  return crossings

  async function crossInTurn(lane: readonly Cell[]): Promise<void> {
    for (const cell of lane) {
      const [bad, good] = payloadsOf(cell)
      const benign = await world.cross(cell, good)
      crossings.push({ cell, benign, planted: await world.cross(cell, bad) })
      if (crossings.length % 500 === 0) note(`${crossings.length} cells crossed`)
    }
  }
}

function payloadsOf({ format }: Cell): readonly [Payload, Payload] {
  return format.direction === 'in' ? [PLANTED_IN, BENIGN_IN] : [PLANTED_OUT, BENIGN_OUT]
}

type Seen = { readonly channel?: string; readonly code: string; readonly severity: string }

interface Run {
  readonly cells: number
  readonly all: number
}

function report(crossings: readonly Crossing[], { cells, all }: Run): Measured {
  const arrived = ({ received, parts }: Crossed): boolean => parts.every((part) => received.includes(part))
  const isRecorded = ({ cell, planted, findingsOf }: Crossing): boolean =>
    planted.isFlagged ??
    planted.entries.some((entry) =>
      findingsOf(entry).some(
        ({ channel = 'arguments', code, severity }) => channel === cell.channel && severity !== 'info' && !isFailure(code),
      ),
    )
  const passed = ({ cell, benign }: Crossing): boolean =>
    cell.format.stage === 'own-words' ? benign.isAnswered : arrived(benign) && benign.isFlagged !== true
  const judged = crossings.filter(({ cell }) => cell.format.stage !== 'own-words')
  const leaks = crossings.filter(({ planted }) => arrived(planted))
  const unrecorded = judged.filter((crossing) => !isRecorded(crossing))
  const benignStopped = crossings.filter((crossing) => !passed(crossing))
  const percent = (part: number, whole: number): number => (whole === 0 ? 0 : Math.round((10_000 * part) / whole) / 100)
  const figures = {
    cellsInTable: all,
    cellsAsked: cells,
    cellsCrossed: crossings.length,
    plantedStopped: crossings.length - leaks.length,
    plantedRecorded: judged.length - unrecorded.length,
    plantedToRecord: judged.length,
    benignPassed: crossings.length - benignStopped.length,
    leaks: named(leaks),
    unrecorded: named(unrecorded),
    benignStopped: named(benignStopped),
  }
  const targets = {
    coveredPercent: atLeast(percent(crossings.length, cells), 100, ' %'),
    stoppedPercent: atLeast(percent(figures.plantedStopped, crossings.length), 100, ' %'),
    recordedPercent: atLeast(percent(figures.plantedRecorded, judged.length), 100, ' %'),
    benignPassedPercent: atLeast(percent(figures.benignPassed, crossings.length), 99, ' %'),
  }
  return { figures, targets }
}

function named(crossings: readonly Crossing[]): readonly string[] {
  return crossings.slice(0, NAMED_MAX).map(({ cell }) => nameOf(cell))
}

/** What detectors saw in an act, before and after it was done. */
function findingsByDecision(entries: readonly Entry[]): (decision: number) => readonly Seen[] {
  const byDecision = new Map<number, Seen[]>()
  for (const entry of entries) {
    if (entry.type !== 'decision' && entry.type !== 'outcome') continue
    const at = entry.type === 'decision' ? entry.index : entry.decision
    const found = entry.findings.map(({ channel, code, severity }) => ({
      code,
      severity,
      ...(channel === undefined ? {} : { channel }),
    }))
    byDecision.set(at, [...(byDecision.get(at) ?? []), ...found])
  }
  return (decision) => byDecision.get(decision) ?? []
}
