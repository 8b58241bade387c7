import { jcs } from '../model/jcs.ts'
import type { Json } from '../model/json.ts'
import { entryFile, MANIFEST_FILE, type BundleItem, type BundleManifest } from './bundle-manifest.ts'
import type { BundleProblem } from './bundle-problems.ts'
import type { Disclosed } from './check-entries.ts'
import { configHash } from './config-at.ts'
import { judgedBy, selects } from './log-query.ts'
import { problem } from './open-bundle.ts'
import { Reconciler } from './reconcile.ts'

type Checked = { readonly problem: BundleProblem } | undefined

/** Checks that the disclosed entries answer the questions as the manifest says. */
export function checkAnswers(manifest: BundleManifest, entries: Disclosed): Checked {
  return (
    checkWindow(manifest, entries) ??
    checkItems(manifest, entries) ??
    checkContext(manifest, entries) ??
    checkState(manifest) ??
    checkPopulation(manifest, entries)
  )
}

/** The window in time is the window in indexes, as far as entries next to it are disclosed. */
function checkWindow({ window, boundary, log, coverage }: BundleManifest, entries: Disclosed): Checked {
  const { from, to, since, until } = window
  const needed = coverage === 'selection' ? [] : boundaryOf(window, log)
  if (jcs([...boundary]) !== jcs(needed)) return problem('window_wrong', MANIFEST_FILE, 'other entries are next to it')
  const [before, after] = [entries.get(from - 1), entries.get(to)]
  if (before && boundary.includes(from - 1) && since !== undefined && before.time >= since) return problem('window_wrong', from - 1)
  if (after && boundary.includes(to) && until !== undefined && after.time < until) return problem('window_wrong', to)
  return undefined
}

/** Indexes of the entries next to a window in time; where it reaches an end of what is kept of the log, there is none. */
export function boundaryOf(
  { from, to, since, until }: BundleManifest['window'],
  { size, prunedTo }: Pick<BundleManifest['log'], 'size' | 'prunedTo'>,
): number[] {
  return [...(since !== undefined && from > prunedTo ? [from - 1] : []), ...(until !== undefined && to < size ? [to] : [])]
}

function checkItems(manifest: BundleManifest, entries: Disclosed): Checked {
  const ids = manifest.items.map(({ id }) => id)
  if (new Set(ids).size < ids.length) return problem('manifest_invalid', MANIFEST_FILE, 'two items have one id')
  for (const item of manifest.items) {
    const bad = checkItem(item, manifest, entries)
    if (bad) return bad
  }
  return undefined
}

function checkItem(item: BundleItem, manifest: BundleManifest, entries: Disclosed): Checked {
  const { query, selected } = item
  const { window, coverage } = manifest
  const isSelected = (index: number): boolean => {
    const entry = entries.get(index)
    return entry !== undefined && selects(query, entry, entries.get(judgedBy(query, entry) ?? -1))
  }
  for (const [i, index] of selected.entries()) {
    const time = entries.get(index)?.time ?? ''
    const isOutside = (window.since !== undefined && time < window.since) || (window.until !== undefined && time >= window.until)
    if (index < window.from || index >= window.to || isOutside) return problem('entry_outside', index)
    if (i > 0 && index <= (selected[i - 1] ?? 0)) return problem('count_wrong', index, 'listed twice or out of order')
    if (!isSelected(index)) return problem('entry_unselected', index)
  }
  if (coverage !== 'entries') return undefined
  const listed = new Set(selected)
  for (let index = window.from; index < window.to; index++)
    if (!listed.has(index) && isSelected(index)) return problem('entry_unlisted', index)
  const unjudged = [...judgingOf(item, manifest, entries)].find((index) => !entries.has(index))
  return unjudged === undefined ? undefined : problem('file_missing', entryFile(unjudged), 'an entry of the window is judged by it')
}

/**
 * Decisions that entries have to be judged by: those of the selected ones, and where the whole window is disclosed those of all,
 * since without its decision nobody could see that an entry was left out.
 */
function judgingOf({ query, selected }: BundleItem, { window, coverage, log }: BundleManifest, entries: Disclosed): Set<number> {
  const { from, to } = window
  const indexes = coverage === 'entries' ? Array.from({ length: to - from }, (_, i) => from + i) : selected
  const named = indexes.map((index) => {
    const entry = entries.get(index)
    return entry && judgedBy(query, entry)
  })
  return new Set(named.filter((index) => index !== undefined && index >= log.prunedTo && index < log.size) as number[])
}

/** Nothing is disclosed beside the question: context is decisions that entries are judged by. */
function checkContext(manifest: BundleManifest, entries: Disclosed): Checked {
  const needed = new Set(manifest.items.flatMap((item) => [...judgingOf(item, manifest, entries)]))
  const stray = manifest.context.find((index) => !needed.has(index))
  return stray === undefined ? undefined : problem('entry_unselected', stray, 'no entry is judged by it')
}

/** A state goes by its hash. */
function checkState({ state }: BundleManifest): Checked {
  const isSame = !state || (configHash(state.before) === state.beforeHash && configHash(state.after) === state.afterHash)
  return isSame ? undefined : problem('manifest_invalid', MANIFEST_FILE, 'a state under the hash of another')
}

/** Counts; where all entries of the window are disclosed, everything that is said of it is worked out again. */
function checkPopulation({ window, population, coverage, aliveMs, boundary }: BundleManifest, entries: Disclosed): Checked {
  if (population.entries !== window.to - window.from) return problem('count_wrong', MANIFEST_FILE)
  if (coverage !== 'entries') return undefined
  const before = boundary.includes(window.from - 1) ? entries.get(window.from - 1) : undefined
  const reconciler = new Reconciler({ from: window.from, aliveMs, ...(before && { before }) })
  for (let index = window.from; index < window.to; index++) {
    const entry = entries.get(index)
    if (entry) reconciler.add(entry)
  }
  return jcs(reconciler.report() as unknown as Json) === jcs(population as unknown as Json)
    ? undefined
    : problem('state_wrong', MANIFEST_FILE)
}
