import type { AuditLog, Entry } from '@sallyport/core'

/** Most entries read for one answer: the control plane takes one call after the other, and isolating must not wait long. */
export const USES_ENTRIES_MAX = 50_000
const READ_STEP = 1_000

export const GRANT_KINDS = ['tools', 'resources', 'prompts'] as const
/** One grant, by where the manifest names it. */
export interface GrantPlace {
  readonly task: string
  readonly kind: (typeof GRANT_KINDS)[number]
  /** `server.tool`, `server.uri`, `server.template` or `server.prompt`. */
  readonly name: string
}

export interface Uses {
  /** Grants without an allowed decision in the time looked at, in the order given. */
  readonly unused: readonly GrantPlace[]
  /** Entries read. */
  readonly entries: number
  /** No entry from here on was left out. Later than `sinceMs` when every grant was seen in use before, or it was too much to read. */
  readonly fromMs: number
  /** Whether the whole time was looked at; `false` when the log holds too many entries. */
  readonly complete: boolean
  /** Index of the oldest entry read: where to go on when it is not complete. */
  readonly at: number
}

export interface Wanted {
  readonly agent: string
  readonly grants: readonly GrantPlace[]
  readonly sinceMs: number
  /** Entries from this index on were looked at before. */
  readonly before?: number
}

/**
 * Looks for allowed decisions under each grant, from the newest entry back, until each grant was seen, an entry is older than
 * `sinceMs`, or `entriesMax` were read.
 */
export async function findUses(
  audit: Pick<AuditLog, 'read' | 'size'>,
  wanted: Wanted,
  entriesMax: number = USES_ENTRIES_MAX,
): Promise<Uses> {
  const missing = new Map(wanted.grants.map((grant) => [keyOf(grant), grant]))
  const size = Math.min(await audit.size(), wanted.before ?? Number.POSITIVE_INFINITY)
  let at = size
  let oldestMs = Number.POSITIVE_INFINITY
  while (at > 0 && missing.size > 0 && oldestMs >= wanted.sinceMs && size - at < entriesMax) {
    const to = at
    at = Math.max(0, to - READ_STEP, size - entriesMax)
    for (const entry of (await audit.read(at, to)).toReversed()) {
      oldestMs = Date.parse(entry.time)
      if (oldestMs < wanted.sinceMs) break
      const used = grantOf(entry, wanted.agent)
      if (used !== undefined) missing.delete(keyOf(used))
    }
  }
  const isWhole = at === 0 || at === size || oldestMs < wanted.sinceMs
  return {
    unused: [...missing.values()],
    entries: size - at,
    fromMs: isWhole ? wanted.sinceMs : oldestMs,
    complete: isWhole || missing.size === 0,
    at,
  }
}

/** The grant an allowed act fell under, as the record names it. */
function grantOf(entry: Entry, agent: string): GrantPlace | undefined {
  if (entry.type !== 'decision' || entry.enforced !== 'allow' || entry.actor.id !== agent || entry.task === undefined)
    return undefined
  const { kind, server = '', name = '' } = entry.action
  const { task } = entry
  switch (kind) {
    case 'tool.call':
      return { task, kind: 'tools', name: `${server}.${name}` }
    case 'prompt.get':
      return { task, kind: 'prompts', name: `${server}.${name}` }
    case 'resource.read':
    case 'resource.subscribe':
      // The record holds the grant's key: the URI itself may name a person.
      return { task, kind: 'resources', name }
    case 'complete':
      return name.startsWith('prompt:')
        ? { task, kind: 'prompts', name: `${server}.${name.slice('prompt:'.length)}` }
        : { task, kind: 'resources', name }
    case 'session.open':
    case 'tool.list':
    case 'resource.list':
    case 'prompt.list':
    case 'model.list':
    case 'model.call':
    case 'model.embed':
    case 'model.count':
      return undefined
  }
}

/** Tells grants apart; none of the parts holds a space. */
export function keyOf({ task, kind, name }: GrantPlace): string {
  return `${task} ${kind} ${name}`
}
