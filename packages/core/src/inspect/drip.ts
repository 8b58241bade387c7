import type { Sighting } from './define-detector.ts'
import { bitsPerUnit, looksRandom } from './randomness.ts'

/** Limits of one session; all have defaults. */
export interface DripOptions {
  /** How long a byte counts: sums shrink to nothing over this time. */
  readonly windowMs: number
  /** Opaque bytes to one sink at which a drip is `high`; half of it is `medium`. */
  readonly opaqueBytesMax: number
  /** Written bytes to one sink at which a drip is `medium`: search terms are written too, so this is large. */
  readonly writtenBytesMax: number
  /** Fewest payloads, and fewest different ones, that make a drip: one large one is found otherwise. */
  readonly payloadsMin: number
}

const DEFAULTS: DripOptions = { windowMs: 3_600_000, opaqueBytesMax: 384, writtenBytesMax: 16_384, payloadsMin: 6 }

/** Something small that leaves for a sink. */
export interface DripAct {
  /** Host or name; see `sinkOf`. */
  readonly sink: string
  readonly bytes: number
  /** A hash of the payload: the same one again is a ping, not a drip. 32 bits will do. */
  readonly valueHash: number
  /** Whether it looks generated rather than written. */
  readonly isOpaque: boolean
}

/** What a session has let out, by sink. A value: each step gives a new one. */
export interface DripState {
  readonly sinks: ReadonlyMap<string, Tally>
}

interface Tally {
  readonly opaqueBytes: number
  readonly writtenBytes: number
  readonly payloads: number
  /** Which of 256 cells the hashes fell into, eight bits in 32 numbers: counts different payloads roughly. */
  readonly cells: readonly number[]
  readonly atMs: number
}

/** Most sinks kept; what goes to further ones is counted together, so that spreading it hides nothing. */
const SINKS_MAX = 64
const OTHERS = '(others)'
const CELLS = 256
/** Shorter payloads are page numbers and flags. */
const PAYLOAD_BYTES_MIN = 4

/** A machine that adds up what leaves slowly. */
export interface Drip {
  readonly empty: DripState
  /** `finding` is there when this act completes or continues a drip; its code is `drip`. Pure. */
  readonly step: (
    state: DripState,
    act: DripAct,
    nowMs: number,
  ) => { readonly state: DripState; readonly finding?: Pick<Sighting, 'code' | 'severity'> }
}

/**
 * Finds slow exfiltration over a session: many small, different payloads to one sink that together are much. State is bounded by
 * `SINKS_MAX` tallies of constant size.
 */
export function openDrip(options: Partial<DripOptions> = {}): Drip {
  const limits = { ...DEFAULTS, ...options }
  return {
    empty: { sinks: new Map() },
    step: (state, act, nowMs) => {
      if (act.bytes < PAYLOAD_BYTES_MIN) return { state }
      const sink = state.sinks.has(act.sink) || state.sinks.size < SINKS_MAX ? act.sink : OTHERS
      const tally = added(faded(state.sinks.get(sink), limits.windowMs, nowMs), act, nowMs)
      const sinks = new Map(state.sinks)
      sinks.set(sink, tally)
      const severity = severityOf(tally, limits)
      return severity ? { state: { sinks }, finding: { code: 'drip', severity } } : { state: { sinks } }
    },
  }
}

/** Bytes leak away evenly over the window, as water from a leaking bucket. */
function faded(tally: Tally | undefined, windowMs: number, nowMs: number): Tally | undefined {
  if (!tally) return undefined
  const left = 1 - Math.max(0, nowMs - tally.atMs) / windowMs
  if (left <= 0) return undefined
  return {
    ...tally,
    opaqueBytes: tally.opaqueBytes * left,
    writtenBytes: tally.writtenBytes * left,
    payloads: tally.payloads * left,
  }
}

function added(tally: Tally | undefined, act: DripAct, nowMs: number): Tally {
  const cells = [...(tally?.cells ?? Array.from({ length: CELLS / 32 }, () => 0))]
  const cell = (Math.imul(act.valueHash, 0x9e3779b1) >>> 24) % CELLS
  const bit = 1 << (cell & 31)
  const isNew = ((cells[cell >> 5] ?? 0) & bit) === 0
  cells[cell >> 5] = (cells[cell >> 5] ?? 0) | bit
  // A payload seen before tells nothing new. Once the cells are nearly full, hardly anything is new; then all counts.
  const counts = isNew || filled(cells) > CELLS * 0.9 ? act.bytes : 0
  return {
    opaqueBytes: (tally?.opaqueBytes ?? 0) + (act.isOpaque ? counts : 0),
    writtenBytes: (tally?.writtenBytes ?? 0) + (act.isOpaque ? 0 : counts),
    payloads: (tally?.payloads ?? 0) + 1,
    cells,
    atMs: Math.max(nowMs, tally?.atMs ?? nowMs),
  }
}

function severityOf({ opaqueBytes, writtenBytes, payloads, cells }: Tally, limits: DripOptions): 'medium' | 'high' | undefined {
  if (payloads < limits.payloadsMin - 0.5 || filled(cells) < limits.payloadsMin) return undefined
  if (opaqueBytes >= limits.opaqueBytesMax) return 'high'
  return opaqueBytes >= limits.opaqueBytesMax / 2 || writtenBytes >= limits.writtenBytesMax ? 'medium' : undefined
}

function filled(cells: readonly number[]): number {
  let count = 0
  for (const cell of cells) for (let rest = cell; rest !== 0; rest &= rest - 1) count++
  return count
}

/** The act that a payload is: the part of an address or argument that its author could fill in. */
export function dripAct(host: string, payload: string): DripAct {
  let hash = 0x811c9dc5
  for (let i = 0; i < payload.length; i++) hash = Math.imul(hash ^ payload.charCodeAt(i), 0x01000193)
  const isOpaque =
    payload.length < 12
      ? !/^(?:\d{1,12}|[a-z]{1,12}|[\p{L}\s'’.,-]{1,12})$/iu.test(payload) && bitsPerUnit(payload) >= 2
      : looksRandom(payload)
  return { sink: sinkOf(host), bytes: payload.length, valueHash: hash >>> 0, isOpaque }
}

/** Second-level labels under which names are registered, as in `co.uk`. */
const REGISTRIES = new Set(['ac', 'co', 'com', 'edu', 'gov', 'go', 'net', 'ne', 'or', 'org'])

/** Who receives it: the registered name as far as it can be told without a list, since anybody can make names below their own. */
export function sinkOf(host: string): string {
  const labels = host.toLowerCase().split('.')
  if (/^[\d.]+$|^\[/.test(host)) return host
  const isRegistry = (labels.at(-1)?.length ?? 0) === 2 && REGISTRIES.has(labels.at(-2) ?? '')
  return labels.slice(isRegistry ? -3 : -2).join('.')
}
