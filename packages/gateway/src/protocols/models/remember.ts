import type { Principal } from '@sallyport/core'
import type { Entered, Flow } from '../../flow.ts'
import { answerDigests, argsOf, type Digest, type HistoryVerdict, type TurnDigests } from './history.ts'
import type { Said, Turn } from './wire.ts'

/** One conversation against what is remembered of its session. */
export interface Remembered {
  readonly digests: readonly TurnDigests[]
  /** Digest of the conversation as it is asked now. */
  readonly end: string
  readonly delivered: ReadonlySet<string>
  /** Classes of data that its session met before. */
  readonly classes: readonly string[]
  readonly verdict: HistoryVerdict
}

interface RememberedPrompt {
  readonly history: Remembered
  readonly isPinned: boolean
  readonly classes: readonly string[]
  /** Index of the decision on the call. */
  readonly entry: number
}

/** Tells the session what its model is about to read, as far as it is new; before it is sent. */
export async function rememberPrompt(
  flow: Flow,
  principal: Principal,
  { history, isPinned, classes, entry }: RememberedPrompt,
): Promise<void> {
  const fresh = history.digests.filter(({ own }) => !history.delivered.has(own))
  if (fresh.length === 0) return
  const names = new Map(history.digests.flatMap(({ turn }) => turn.calls.map(({ id, name }) => [id, name] as const)))
  const texts = fresh.map(({ turn }): Entered => ({
    ...originOf(turn, isPinned),
    classes,
    value: turn.text,
    entry,
    ...named(turn, names),
  }))
  // A result belongs to its call from now on; another one for the same call is an altered one.
  const settled = fresh.filter(({ turn }) => turn.role !== 'assistant').flatMap(({ own, calls }) => [own, ...calls])
  await flow.remember(principal, { texts, delivered: settled })
}

/** Tells the session what its model said and wants to do; before the agent hears of it. */
export async function rememberAnswer(
  flow: Flow,
  principal: Principal,
  {
    said,
    end,
    digest,
    classes,
    entry,
  }: {
    readonly said: Said
    readonly end: string
    readonly digest: Digest
    readonly classes: readonly string[]
    readonly entry: number
  },
): Promise<void> {
  await flow.remember(principal, {
    texts: [{ origin: 'model', integrity: 'agent', classes, value: said.text, entry }],
    calls: said.calls.map(({ id, name, args }) => ({ id, name, args: argsOf({ args }), entry })),
    delivered: answerDigests(said, end, digest),
  })
}

function originOf({ role }: Turn, isPinned: boolean): Pick<Entered, 'origin' | 'integrity'> {
  switch (role) {
    case 'system':
      return { origin: 'system', integrity: isPinned ? 'system' : 'agent' }
    case 'user':
      return { origin: 'user', integrity: 'user' }
    case 'tool':
      return { origin: 'tool', integrity: 'unknown' }
    case 'assistant':
      return { origin: 'unknown', integrity: 'unknown' }
  }
}

function named({ callId }: Turn, names: ReadonlyMap<string, string>): { name?: string } {
  const name = callId === undefined ? undefined : names.get(callId)
  return name === undefined ? {} : { name }
}
