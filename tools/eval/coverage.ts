import { type Entry, isFailure } from '@sallyport/core'
import { atLeast, type Measured, type Program } from '../report.ts'
import { type Cell, cellsOf, channelsOf, formatLists, nameOf, requireDrivers } from './crossings/cells.ts'
import { type Crossed, mcpDrivers } from './crossings/mcp-drivers.ts'
import { type McpWorld, openMcpWorld } from './crossings/mcp-world.ts'
import { BENIGN_IN, BENIGN_OUT, PLANTED_IN, PLANTED_OUT } from './crossings/payloads.ts'

/** Names printed of one kind of miss; the count says the rest. */
const NAMED_MAX = 25

/** Drivers of each protocol, by format. A protocol in `packages/gateway/src/protocols` without an entry is a broken run. */
export const DRIVERS: Readonly<Record<string, typeof mcpDrivers>> = { mcp: mcpDrivers }

/** Something planted and something ordinary through every cell of the live gateway. */
export const coverage: Program = {
  about: 'one planted payload and one benign twin through every channel, format, stage and direction',
  run: async ({ short, note }) => {
    const lists = await formatLists()
    for (const [protocol, list] of lists) requireDrivers(protocol, list, DRIVERS[protocol] ?? {})
    const all = cellsOf(lists)
    const cells = short ? all.filter(isInShortRun) : all
    note(`${cells.length} of ${all.length} cells`)
    const world = await openMcpWorld()
    note('the gateway runs')
    try {
      const crossings = await crossAll(cells, { world, note })
      return report(crossings, { cells: cells.length, all: all.length, entries: await world.governed.entries() })
    } finally {
      await world.close()
    }
  },
}

/** Of the channels of a format one each, another one in each combination of the rest; of the revisions all. */
function isInShortRun(cell: Cell): boolean {
  const channels = channelsOf(cell.format)
  const turn = Buffer.from(`${cell.format.id} ${cell.pairing} ${cell.streaming}`).reduce((sum, byte) => sum + byte, 0)
  return channels[turn % channels.length] === cell.channel
}

interface Crossing {
  readonly cell: Cell
  readonly planted: Crossed
  readonly benign: Crossed
}

async function crossAll(
  cells: readonly Cell[],
  { world, note }: { readonly world: McpWorld; readonly note: (line: string) => void },
): Promise<Crossing[]> {
  const crossings: Crossing[] = []
  // A server does one thing at a time; several do so at once.
  const lanes = Map.groupBy(cells, (cell) => world.serverOf(cell))
  await Promise.all([...lanes.values()].map(crossInTurn))
  return crossings

  async function crossInTurn(lane: readonly Cell[]): Promise<void> {
    for (const cell of lane) {
      const cross = DRIVERS[cell.protocol]?.[cell.format.id as keyof typeof mcpDrivers]
      if (!cross) continue
      const [bad, good] = cell.format.direction === 'in' ? [PLANTED_IN, BENIGN_IN] : [PLANTED_OUT, BENIGN_OUT]
      const benign = await cross({ cell, payload: good, world })
      crossings.push({ cell, benign, planted: await cross({ cell, payload: bad, world }) })
      if (crossings.length % 500 === 0) note(`${crossings.length} cells crossed`)
    }
  }
}

type Seen = { readonly channel?: string; readonly code: string; readonly severity: string }

interface Run {
  readonly cells: number
  readonly all: number
  readonly entries: readonly Entry[]
}

function report(crossings: readonly Crossing[], { cells, all, entries }: Run): Measured {
  const findingsOf = findingsByDecision(entries)
  const arrived = ({ received, parts }: Crossed): boolean => parts.every((part) => received.includes(part))
  const isRecorded = ({ cell, planted }: Crossing): boolean =>
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
