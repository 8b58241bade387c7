import { isGatewayError, subjectId, toHex, type AuditLog, type VaultCount } from '@sallyport/core'
import type { ErasureRecord } from '../erasure-record.ts'
import type { Erased, Erasures, Occurrences } from '../erasures.ts'
import type { State } from '../state.ts'
import { findOccurrences, type FindDeps } from './find-occurrences.ts'

/** Most ids of keys, and lines of counts, in one certificate: an entry has 64 KiB. */
const LISTED_MAX = 400
const ID_BYTES = 8

type Detail = Record<string, string | number | boolean | string[]>

export interface ErasuresDeps extends FindDeps {
  readonly state: Pick<State, 'erasures' | 'transact' | 'refresh'>
  readonly audit: Pick<AuditLog, 'append' | 'read'>
  /** Proof that an entry is in the log. */
  readonly prove: (index: number) => Promise<string>
  /** Names of what copies of the log are sent to: the certificate reaches them like any entry, and is their notice. */
  readonly destinations: () => readonly string[]
  readonly randomBytes: (count: number) => Uint8Array
  readonly nowMs: () => number
}

/** Each step is durable before the next, and every one can be done again: a crash anywhere is finished by `resume`. */
export function openErasures(deps: ErasuresDeps): Erasures {
  const { vault, state, audit } = deps
  let queue: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const mine = queue.then(run)
    queue = mine.catch(() => undefined)
    return mine
  }
  return {
    find: async (subject) => (await findOccurrences(vault.lookup(subjectId(subject)), deps))?.found,
    request: ({ subject, authority, by }) =>
      inTurn(async () => {
        const lookup = vault.lookup(subjectId(subject))
        // Whom only sessions know has keys from now on, to be destroyed with the rest.
        if (!(await vault.holdings(lookup)) && (await deps.sessions.count(lookup)) > 0) await vault.subject(subjectId(subject))
        const known = state.erasures().find((record) => record.lookup === lookup)
        return advance(
          known ?? {
            id: `erasure-${toHex(deps.randomBytes(ID_BYTES))}`,
            status: 'waiting',
            lookup,
            authority,
            by,
            atMs: deps.nowMs(),
          },
        )
      }),
    resume: () =>
      inTurn(async () => {
        for (const record of state.erasures()) if (record.status !== 'done') await advance(record, { isQuiet: true })
      }),
  }

  /** @param isQuiet Nobody asked: a hold that still stands is not recorded again. */
  async function advance(record: ErasureRecord, { isQuiet = false } = {}): Promise<Erased> {
    const there = await findOccurrences(record.lookup ?? '', deps)
    if (record.status === 'running') return finish(record, there?.found, await startedDetail(record))
    if (!there) {
      if (state.erasures().some(({ id }) => id === record.id)) await close(record, {})
      return { status: 'nothing' }
    }
    const { found, keyIds } = there
    if (found.holds.length > 0) return wait(record, found, isQuiet)
    const omitted = keyIds.length > LISTED_MAX ? { keyIdsOmitted: keyIds.length - LISTED_MAX } : {}
    const detail = { ...asked(record), ...foundDetail(found), keyIds: keyIds.slice(0, LISTED_MAX), ...omitted, holdsChecked: true }
    const started = await recordEntry('erasure.started', detail)
    const running = { ...record, status: 'running' as const, started }
    await put(running)
    // The log was searched meanwhile, which may take long: a hold that came before this point stops it, a later one comes too late.
    await state.refresh()
    const holds = await deps.holds.blocking({
      ...(found.token !== undefined && { token: found.token }),
      lookup: record.lookup ?? '',
    })
    return holds.length > 0 ? wait(record, { ...found, holds }, false) : finish(running, found, detail)
  }

  async function wait(record: ErasureRecord, found: Occurrences, isQuiet: boolean): Promise<Erased> {
    const held = { holds: found.holds.map(({ id }) => id), grounds: found.holds.map(({ ground }) => ground) }
    if (!isQuiet) await recordEntry('erasure.blocked', { ...asked(record), ...foundDetail(found), ...held }, 'refused')
    await put(record)
    return { status: 'waiting', id: record.id, found }
  }

  async function finish(record: ErasureRecord, found: Occurrences | undefined, detail: Detail): Promise<Erased> {
    const sessions = await deps.sessions.forget(record.lookup ?? '')
    const isDestroyed = await vault.erase(record.lookup ?? '')
    const started = record.started === undefined ? {} : { started: record.started }
    const certificate = await recordEntry('erasure.completed', {
      ...detail,
      ...started,
      sessions,
      keySource: vault.keySource,
      wrappingKeyDestroyed: isDestroyed,
      notified: [...deps.destinations()],
    })
    await close(record, { ...started, certificate })
    const receipt = await ifReadable(() => deps.prove(certificate))
    return {
      status: 'erased',
      id: record.id,
      ...(found && { found }),
      certificate,
      ...(receipt === undefined ? {} : { receipt }),
      isDestroyed,
    }
  }

  /** What an earlier process recorded before it destroyed the first key. */
  async function startedDetail(record: ErasureRecord): Promise<Detail> {
    const at = record.started ?? 0
    const [entry] = (await ifReadable(() => audit.read(at, at + 1))) ?? []
    return entry?.type === 'admin' && entry.verb === 'erasure.started' ? entry.detail : asked(record)
  }

  /** Nothing in the state leads from the person to the pseudonym any more. */
  async function close(
    { lookup: _, ...record }: ErasureRecord,
    entries: Pick<ErasureRecord, 'started' | 'certificate'>,
  ): Promise<void> {
    await put({ ...record, ...entries, status: 'done' })
  }

  async function put(value: ErasureRecord): Promise<void> {
    await state.transact([{ op: 'put', kind: 'erasure', value }])
  }

  function recordEntry(verb: string, detail: Detail, outcome: 'done' | 'refused' = 'done'): Promise<number> {
    const code = outcome === 'refused' ? { code: 'CONFLICT' } : {}
    return audit.append({ type: 'admin', actor: { type: 'system', id: 'sallyport' }, verb, outcome, ...code, detail })
  }
}

/** A gateway that may append to a shared log and not read it erases all the same. */
async function ifReadable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isGatewayError(error) && error.code === 'AUDIT_FORBIDDEN') return undefined
    throw error
  }
}

function asked({ authority, by }: ErasureRecord): Detail {
  return { authority, by }
}

function foundDetail({ token, keys, counts, entries }: Occurrences): Detail {
  const sum = (of: (count: VaultCount) => number): number => counts.reduce((total, count) => total + of(count), 0)
  return {
    ...(token !== undefined && { subject: token }),
    keys,
    contents: sum((count) => count.contents),
    bytes: sum((count) => count.bytes),
    counts: counts.slice(0, LISTED_MAX).map((count) => `${count.class} ${count.month}: ${count.contents}`),
    ...(entries && { entries: entries.count, entriesComplete: entries.isComplete }),
  }
}
