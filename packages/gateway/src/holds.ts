import { GatewayError, readEntries, type Entry, type ReadFile } from '@sallyport/core'
import { HOLD_PROPOSED_MS_MAX, type HoldRecord, type HoldScope, type SubjectNames } from './hold-record.ts'
import type { Role } from './state-records.ts'
import type { State } from './state.ts'

/** `proposed`: one person opened it; it freezes, and lapses unless a second approves. `lapsed` and `released` hold nothing. */
export type HoldPhase = 'proposed' | 'active' | 'lapsed' | 'released'

/** Why an erasure is refused, in words that may be sent to whoever asked for it. */
export interface HoldNotice {
  readonly id: string
  readonly ground: HoldRecord['ground']
  readonly notice: string
}

/** Legal holds, as everything that deletes or shows content asks them. */
export interface Holds {
  /**
   * Holds that forbid erasing what concerns a person; none when it may go on. A hold that names no person blocks when an entry in its
   * scope is about them, or when the log cannot be read.
   */
  blocking(subject: SubjectNames): Promise<readonly HoldNotice[]>
  /** Holds in force that an entry falls under. */
  over(entry: Entry): readonly HoldRecord[]
  /** Content under a hold is for the legal role alone. @throws GatewayError `IDENTITY_FORBIDDEN` */
  requireAccess(entry: Entry, roles: readonly Role[]): void
}

/** Roles that may see content under a hold. */
const LEGAL_ROLES: readonly Role[] = ['owner', 'security']

export function openHolds(deps: {
  readonly state: Pick<State, 'holds'>
  readonly files: ReadFile
  readonly nowMs: () => number
}): Holds {
  const { state, files, nowMs } = deps
  const inForce = (): HoldRecord[] => state.holds().filter((hold) => ['proposed', 'active'].includes(phaseOf(hold, nowMs())))
  const over = (entry: Entry): readonly HoldRecord[] => inForce().filter(({ scope }) => covers(scope, entry))
  return {
    over,
    async blocking(subject) {
      const blocking: HoldNotice[] = []
      for (const hold of inForce()) if (await concerns(files, hold.scope, subject)) blocking.push(noticeOf(hold))
      return blocking
    },
    requireAccess(entry, roles) {
      if (over(entry).length > 0 && !roles.some((role) => LEGAL_ROLES.includes(role)))
        throw new GatewayError('IDENTITY_FORBIDDEN', `under a legal hold; only for ${LEGAL_ROLES.join(', ')}`)
    },
  }
}

export function phaseOf(hold: HoldRecord, nowMs: number): HoldPhase {
  if (hold.released) return 'released'
  if (hold.approved) return 'active'
  return nowMs < hold.opened.atMs + HOLD_PROPOSED_MS_MAX ? 'proposed' : 'lapsed'
}

/** Whether an entry falls under a scope. Entries that name no agent and no person are covered by times and indexes alone. */
export function covers(scope: HoldScope, entry: Entry): boolean {
  const { subject, agent, fromMs = 0, toMs = Infinity, fromIndex = 0, toIndex = Infinity } = scope
  const timeMs = Date.parse(entry.time)
  if (timeMs < fromMs || timeMs >= toMs || entry.index < fromIndex || entry.index >= toIndex) return false
  if (agent !== undefined && !('actor' in entry && entry.actor.type === 'agent' && entry.actor.id === agent)) return false
  return subject === undefined || (subject.token !== undefined && 'subject' in entry && entry.subject === subject.token)
}

async function concerns(files: ReadFile, scope: HoldScope, person: SubjectNames): Promise<boolean> {
  const { subject } = scope
  if (subject) return isSame(subject.token, person.token) || isSame(subject.lookup, person.lookup)
  if (person.token === undefined) return true
  try {
    for await (const { entry } of readEntries(files, scope.fromIndex, scope.toIndex)) {
      if (covers({ ...scope, subject: { token: person.token } }, entry)) return true
    }
    return false
  } catch {
    // Whoever may append but not read cannot know, and what is destroyed does not come back.
    return true
  }
}

function isSame(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && a === b
}

function noticeOf({ id, ground }: HoldRecord): HoldNotice {
  const notice =
    `The request to erase is refused while a legal hold is in force (GDPR Art. ${ground}). ` +
    'The data is kept for that purpose alone, and the erasure is carried out when the hold ends.'
  return { id, ground, notice }
}
