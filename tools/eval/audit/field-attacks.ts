import { buildEntry, fromUtf8, parseEntry } from '@sallyport/core'
import { layAll, layEntries, makeLog } from '../../../packages/core/src/record/fixtures/memory-log.ts'
import { fieldChanges, type FieldChange } from './fields.ts'
import type { Attack } from './judge.ts'
import { sampleAt } from './samples.ts'

const START_MS = Date.UTC(2026, 0, 1)
const SIZE = 13
/** The second cycle, so that every change has entries before and after it. */
const FIRST = 6

/** Leaves of a log that holds every kind of entry. `laterMs` makes another history of the same acts. */
export function sampleLog(size: number, laterMs = 0): Uint8Array[] {
  return Array.from({ length: size }, (_, index) => {
    return buildEntry(sampleAt(index), { index, nowMs: START_MS + index + laterMs, lastMs: 0 }).bytes
  })
}

/**
 * Every field of every kind of entry, changed and removed, by three attackers: one edits the entry, one rewrites every hash
 * tile to match, one holds the signing key and signs the result.
 */
export async function* fieldAttacks(): AsyncGenerator<Attack> {
  const entries = sampleLog(SIZE)
  const known = fromUtf8((await makeLog(entries)).get('checkpoint') ?? new Uint8Array()) ?? ''
  for (const index of [FIRST, FIRST + 1, FIRST + 3, FIRST + 4, FIRST + 5]) {
    for (const field of fieldChanges(entries[index] ?? new Uint8Array(), sampleAt(index).type)) {
      const changed = entries.map((entry, i) => (i === index ? field.bytes : entry))
      const name = `${field.kind}${field.path} ${field.change}`
      const edited = await makeLog(entries)
      layEntries(edited, changed)
      yield { name: `${name}, edited`, files: edited, reason: 'entry_changed', index }
      const rewritten = await makeLog(entries)
      layAll(rewritten, changed)
      yield { name: `${name}, tiles rewritten`, files: rewritten, ...seenWithoutTiles(field, index) }
      yield { name: `${name}, signed anew`, files: await makeLog(changed), known: [known], ...seenSigned(field, index) }
    }
  }
}

/** Without tiles to trust: an entry that claims its neighbour's index looks like a double, an unreadable one is named. */
function seenWithoutTiles(field: FieldChange, index: number): Pick<Attack, 'reason' | 'index'> {
  if (field.path === '/index' && field.change === 'changed') return { reason: 'entry_duplicated', index }
  return 'fault' in parseEntry(field.bytes) ? { reason: 'entry_changed', index } : { reason: 'entry_changed' }
}

/** With the key the log is consistent with itself: only what no honest log writes, or a checkpoint held elsewhere, tells. */
function seenSigned(field: FieldChange, index: number): Pick<Attack, 'reason' | 'index'> {
  const parsed = parseEntry(field.bytes)
  if ('fault' in parsed || parsed.entry.index !== index) return { reason: 'entry_invalid', index }
  const isActs = field.kind === 'outcome' || field.kind === 'unknown'
  if (isActs && (field.path === '/act' || field.path === '/decision')) return { reason: 'outcome_without_decision', index }
  if (field.kind === 'decision' && field.path === '/act') return { reason: 'outcome_without_decision', index: index + 1 }
  if (field.kind === 'decision' && field.path === '/enforced') return { reason: 'outcome_without_decision', index: index + 1 }
  return { reason: 'rolled_back' }
}
