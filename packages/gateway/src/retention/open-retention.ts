import {
  DATA_CLASSES,
  GatewayError,
  monthOf,
  planPrune,
  readEntries,
  recordClassOf,
  sha256,
  toHex,
  utf8,
  type DataClass,
  type Entry,
  type Fate,
  type PrunePlan,
  type RecordClass,
  type RetentionRules,
} from '@sallyport/core'
import { phaseOf, type Holds } from '../holds.ts'
import type { LogStore } from '../log-store.ts'
import { pruneLog } from '../prune-log.ts'
import type { ExpireContents, Retention, RetentionPlan } from '../retention.ts'
import type { State } from '../state.ts'
import type { SystemAct } from '../system-entries.ts'
import { CUSTODY_FOLDER, type SetAside } from './set-aside.ts'
import { readTerms, type Terms } from './terms.ts'

const DAY_MS = 86_400_000

export interface RetentionDeps {
  readonly log: LogStore
  readonly state: Pick<State, 'agents' | 'manifestVersions' | 'holds' | 'transact' | 'refresh'>
  readonly rules: () => RetentionRules
  readonly holds: Holds
  readonly aside: SetAside
  /** Absent where no content is kept. */
  readonly expireContents?: ExpireContents
  readonly record: (act: SystemAct) => void
  readonly nowMs: () => number
}

export function openRetention(deps: RetentionDeps): Retention {
  const { log, state, holds, nowMs } = deps
  const terms = (): Terms => readTerms(state, deps.rules())
  const find = (now: Terms): Promise<PrunePlan> => planPrune(log.files, log.head().size, (entry) => fateOf(entry, now))

  function fateOf(entry: Entry, now: Terms): Fate {
    const record = recordClassOf(entry)
    if (!isExpired(entry, now)) return 'keep'
    const over = holds.over(entry)
    if (over.some((hold) => phaseOf(hold, nowMs()) === 'proposed')) return 'keep'
    return over.length > 0 || record === 'custody' ? 'set_aside' : 'delete'
  }

  /** What is never deleted leaves its place in the log when its neighbours do. */
  function isExpired(entry: Entry, now: Terms): boolean {
    const days = now.days(agentOf(entry), placeOf(entry))
    return nowMs() - Date.parse(entry.time) >= days * DAY_MS
  }

  async function whyKept(index: number, now: Terms): Promise<string> {
    const [entry] = await log.read(index, index + 1)
    if (!entry) return 'the entry is not readable'
    if (isExpired(entry, now)) return 'a hold that nobody has approved yet, or too many entries to set aside at once'
    const days = now.days(agentOf(entry), placeOf(entry))
    if (days === Infinity) return 'a floor is above a ceiling; a person must choose'
    return `kept until ${new Date(Date.parse(entry.time) + days * DAY_MS).toISOString().slice(0, 10)} (${placeOf(entry)}, ${days} days)`
  }

  async function describe(found: PrunePlan, now: Terms): Promise<RetentionPlan> {
    const { from, to, setAside, stoppedBy } = found
    return {
      from,
      to,
      setAside: setAside.length,
      ...(stoppedBy !== undefined && { stoppedBy: { index: stoppedBy, why: await whyKept(stoppedBy, now) } }),
      terms: now.list.map((term) => ({ ...term, days: Number.isFinite(term.days) ? term.days : null })),
      conflicts: now.conflicts,
      payloads: DATA_CLASSES.map((name) => ({ class: name, beforeMs: contentsBefore(name, now) ?? null })),
    }
  }

  /** Keys of the vault belong to no agent, so the longest term of all agents counts. */
  function contentsBefore(name: DataClass, now: Terms): number | undefined {
    const record = name === 'reasoning' ? 'reasoning' : name === 'quarantine' ? 'detector' : 'payload'
    const days = now.days(undefined, record)
    return Number.isFinite(days) ? nowMs() - days * DAY_MS : undefined
  }

  async function requireExpired(to: number): Promise<void> {
    const now = terms()
    const found = await find(now)
    if (to <= found.to) return
    const why =
      found.stoppedBy === undefined
        ? 'no whole bundle ends there'
        : `entry ${found.stoppedBy}: ${await whyKept(found.stoppedBy, now)}`
    throw new GatewayError('CONFLICT', `nothing is deleted before it expires; ${why}`)
  }

  async function setAside(indexes: readonly number[]): Promise<void> {
    for (const index of indexes) {
      for await (const { entry } of readEntries(log.files, index, index + 1)) {
        const folders = holds.over(entry).map((hold) => hold.id)
        if (recordClassOf(entry) === 'custody') folders.push(CUSTODY_FOLDER)
        await deps.aside.copy(index, folders)
      }
    }
  }

  async function run(authority: string, upTo?: number): Promise<RetentionPlan> {
    await log.checkpoint()
    if (upTo !== undefined) await requireExpired(upTo)
    const now = terms()
    const found = await find(now)
    if (Math.min(found.to, upTo ?? found.to) <= found.from) return describe({ ...found, to: found.from }, now)
    await setAside(found.setAside)
    // Copying may take long, and so does looking: what was put under a hold meanwhile stays too.
    const seen = await holdsNow()
    const again = await find(now)
    const to = Math.min(found.to, again.to, upTo ?? found.to)
    await setAside(again.setAside.filter((index) => index < to))
    const confirm = async (): Promise<void> => {
      if ((await holdsNow()) !== seen) throw new GatewayError('CONFLICT', 'legal holds changed meanwhile; nothing was deleted')
    }
    if (to > found.from) await pruneLog(log, { to, policy: policyHash(deps.rules()), authority, confirm })
    return describe({ ...found, to, setAside: again.setAside.filter((index) => index < to) }, now)
  }

  /** Also what other replicas opened, approved or released by now. */
  async function holdsNow(): Promise<string> {
    await state.refresh()
    return JSON.stringify(state.holds())
  }

  async function expire(): Promise<void> {
    const now = terms()
    for (const name of DATA_CLASSES) {
      const beforeMs = contentsBefore(name, now)
      if (beforeMs === undefined || !deps.expireContents) continue
      const beforeMonth = monthOf(name, beforeMs)
      const contents = await deps.expireContents({ class: name, beforeMonth })
      if (contents > 0) deps.record({ verb: 'retention.expired', target: name, detail: { beforeMonth, contents } })
    }
  }

  async function reviewHolds(): Promise<void> {
    for (const hold of state.holds()) {
      const phase = phaseOf(hold, nowMs())
      if ((phase === 'released' || phase === 'lapsed') && deps.aside.drop(hold.id))
        deps.record({ verb: 'hold.copies_deleted', target: hold.id, detail: { phase } })
      if (phase !== 'active' || hold.reviewMs > nowMs() || hold.alertedMs === hold.reviewMs) continue
      await state.transact([{ op: 'put', kind: 'hold', value: { ...hold, alertedMs: hold.reviewMs } }])
      deps.record({
        verb: 'hold.review_due',
        target: hold.id,
        detail: { matter: hold.matter, due: new Date(hold.reviewMs).toISOString() },
      })
    }
  }

  return {
    async plan() {
      await log.checkpoint()
      const now = terms()
      return describe(await find(now), now)
    },
    run,
    requireExpired,
    async sweep() {
      await reviewHolds()
      await expire()
    },
  }
}

/** What people did may be about any agent: as for one that is unknown, the longest term counts. */
function agentOf(entry: Entry): string | undefined {
  return 'actor' in entry && entry.actor.type === 'agent' ? entry.actor.id : undefined
}

/** Class whose term decides when the place in the log may go: what is kept forever leaves it as other acts of people do. */
function placeOf(entry: Entry): RecordClass {
  const record = recordClassOf(entry)
  return record === 'custody' ? 'config' : record
}

/** Names the policy in the entry of a pruning. */
function policyHash(rules: RetentionRules): string {
  return toHex(sha256(utf8(JSON.stringify(rules))))
}
