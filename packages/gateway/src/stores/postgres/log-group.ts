import {
  buildEntry,
  leafHash,
  toHex,
  type BuiltEntry,
  type EntryBody,
  type HashTile,
  type TileBuilder,
  GatewayError,
} from '@sallyport/core'
import { sha256Native } from '../../sha256-native.ts'
import type { AppendRequest } from './log-database.ts'

/** An entry on its way into the log. */
export interface Waiting {
  readonly body: EntryBody
  /** As it was numbered and dated when it came. */
  readonly built: BuiltEntry
  readonly resolve: (index: number) => void
  readonly reject: (error: Error) => void
}

/** Entries that are appended together, numbered, dated and hashed. */
export interface Group {
  readonly waiting: readonly Waiting[]
  readonly request: Omit<AppendRequest, 'origin' | 'replica' | 'era' | 'skewMs'>
  /** The entries, one after the other. */
  readonly bytes: Uint8Array
}

/**
 * Lays a group out behind a tree, which grows by it. What cannot be recorded there is rejected and left out: an entry grown too
 * large by its number, or a second one that completes the same act.
 */
export function buildGroup(
  candidates: readonly Waiting[],
  { tree, root, lastMs }: { readonly tree: TileBuilder; readonly root: Uint8Array; readonly lastMs: number },
): Group {
  const { size } = tree
  const made: BuiltEntry[] = []
  const waiting: Waiting[] = []
  const closes = new Map<number, AppendRequest['closes'][number]>()
  const opens: [number, string][] = []
  const full: HashTile[] = []
  let timeMs = lastMs
  for (const one of candidates) {
    try {
      const { body } = one
      const isClosing = body.type === 'outcome' || body.type === 'unknown'
      if (isClosing && closes.has(body.decision)) throw new GatewayError('CONFLICT', 'the act is completed already')
      const built = numbered(one, size + made.length, timeMs)
      timeMs = built.timeMs
      full.push(...tree.append(leafHash(built.bytes, sha256Native)))
      if (isClosing) closes.set(body.decision, [body.decision, body.act, body.type])
      if (body.type === 'decision' && body.enforced === 'allow') opens.push([built.entry.index, body.act])
      made.push(built)
      waiting.push(one)
    } catch (error) {
      one.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }
  // Tiles above the leaves are kept also while they grow: a new one of level 0 adds a hash to each that is on its way.
  const growing = full.length > 0 ? tree.partials().filter(({ level }) => level > 0) : []
  return {
    waiting,
    bytes: Buffer.concat(made.map(({ bytes }) => bytes)),
    request: {
      size,
      root: toHex(root),
      firstMs: made[0]?.timeMs ?? lastMs,
      lastMs: timeMs,
      newRoot: toHex(tree.root()),
      lengths: made.map(({ bytes }) => bytes.length),
      opens,
      closes: [...closes.values()],
      tiles: [...full, ...growing].map(({ level, n, bytes }) => [level, n, toHex(bytes)]),
    },
  }
}

/** UTF-8 by the runtime. */
export function toBytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}

function numbered({ body, built }: Waiting, index: number, lastMs: number): BuiltEntry {
  if (built.entry.index === index && built.timeMs >= lastMs) return built
  return buildEntry(body, { index, nowMs: built.timeMs, lastMs, toBytes })
}
