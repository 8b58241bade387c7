import type { EntryBody } from '@sallyport/core'
import { openFileLog, type Home } from '@sallyport/gateway'
import { diskFolder, type LogFolder } from '../../../packages/gateway/src/stores/files/log-folder.ts'
import { directWriter } from '../../../packages/gateway/src/stores/files/writer-link.ts'
import { decision } from '../audit/sample.ts'

/** Nobody waits for these entries to survive: the log is made to be read. */
const UNSYNCED: LogFolder = { ...diskFolder, sync: () => undefined, syncFolder: () => undefined }
/** Entries handed to the log at a time. */
const AT_ONCE = 20_000
const DAYS = 90
const DAY_MS = 86_400_000
/** Entries that follow each other in one session, and sessions that agents and tools take turns in. */
const SESSION_ENTRIES = 60
const AGENTS = 20
const TOOLS = 12

/** A home whose gateway has been at work for three months: of three entries one allowed act, its outcome, and one refused act. */
export async function writeLongPast(home: Home, entries: number): Promise<void> {
  const startMs = Date.now() - DAYS * DAY_MS
  let made = 0
  const log = await openFileLog({
    dir: home.logDir,
    origin: home.auditOrigin,
    signer: home.auditKey,
    checkpointMs: 3_600_000,
    nowMs: () => startMs + Math.floor((made / entries) * (DAYS - 1) * DAY_MS),
    writer: directWriter(UNSYNCED),
  })
  while (made < entries) {
    const count = Math.min(AT_ONCE, entries - made)
    await Promise.all(Array.from({ length: count }, (_, i) => log.append(pastEntry(made + i))))
    made += count
  }
  await log.close()
}

/** Name of the session that has the entry of this number. */
export function sessionOf(number: number): string {
  return `s-${Math.floor(number / SESSION_ENTRIES)}`
}

/** Name of the agent that has the entry of this number. */
export function agentOf(number: number): string {
  return `agent-${Math.floor(number / SESSION_ENTRIES) % AGENTS}`
}

function pastEntry(number: number): EntryBody {
  const isOutcome = number % 3 === 1
  const asked = decision(`a-${isOutcome ? number - 1 : number}`)
  if (asked.type !== 'decision') throw new TypeError('the sample is a decision')
  const of = {
    ...asked,
    actor: { ...asked.actor, id: agentOf(number) },
    session: sessionOf(number),
    action: { ...asked.action, name: `tool${Math.floor(number / 3) % TOOLS}` },
  }
  if (number % 3 === 2)
    return {
      ...of,
      evaluated: 'deny',
      enforced: 'deny',
      reasons: ['explicitly_denied'],
      votes: [{ effect: 'deny', mode: 'enforce', reason: 'explicitly_denied', rule: 'manifest' }],
    }
  if (!isOutcome) return of
  const { act, actor, onBehalfOf, session, task, action, input: output } = of
  return {
    type: 'outcome',
    act,
    actor,
    onBehalfOf,
    session,
    action,
    output,
    ...(task !== undefined && { task }),
    decision: number - 1,
    status: 'success',
    reasons: [],
    findings: [],
    effect: 'none',
    durationMs: 12,
  }
}
