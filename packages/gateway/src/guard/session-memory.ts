import { type DripState, openDrip, plainValue } from '@sallyport/core'

/** What one session has met so far. Bounded; nothing of it outlives the process or is written anywhere. */
export interface SessionMemory {
  /** Classes of data seen, declared or not. */
  readonly classes: Set<string>
  /** End of what it read last: a payload may be split over two results. */
  tail: string
  /** Personal data it was given, as `plainValue` compares it. */
  readonly given: Set<string>
  /** What it has let out, by receiver. */
  drip: DripState
}

/** Sessions remembered at once; the one silent longest is forgotten. */
const SESSIONS_MAX = 10_000
const TAIL_CHARS_MAX = 1_024
/** Most values remembered of one session. */
const GIVEN_MAX = 2_000

export const drip = openDrip()

/** Memory by session; asking for it keeps it. */
export function openSessionMemories(): (session: string) => SessionMemory {
  const sessions = new Map<string, SessionMemory>()
  return (session) => {
    const known = sessions.get(session) ?? { classes: new Set(), tail: '', given: new Set(), drip: drip.empty }
    sessions.delete(session)
    sessions.set(session, known)
    for (const oldest of sessions.keys()) {
      if (sessions.size <= SESSIONS_MAX) break
      sessions.delete(oldest)
    }
    return known
  }
}

/** Keeps the end of what a session read. */
export function rememberText(memory: SessionMemory, text: string): void {
  memory.tail = `${memory.tail} ${text}`.slice(-TAIL_CHARS_MAX)
}

/** Keeps a value that a session was given. */
export function rememberValue({ given }: SessionMemory, value: string): void {
  if (given.size < GIVEN_MAX) given.add(plainValue(value))
}
