/** What one session has met so far. Bounded; nothing here outlives the process. */
export interface SessionMemory {
  /** Classes of data seen, declared or not. */
  readonly classes: Set<string>
  /** End of what it read last: a payload may be split over two results. */
  tail: string
}

/** Sessions remembered at once; the one silent longest is forgotten. */
const SESSIONS_MAX = 10_000
const TAIL_CHARS_MAX = 1_024

export interface SessionMemories {
  of(session: string): SessionMemory
  /** Keeps the end of what a session read. */
  read(session: string, text: string): void
}

export function openSessionMemories(): SessionMemories {
  const sessions = new Map<string, SessionMemory>()
  function of(session: string): SessionMemory {
    const known = sessions.get(session) ?? { classes: new Set<string>(), tail: '' }
    sessions.delete(session)
    sessions.set(session, known)
    for (const oldest of sessions.keys()) {
      if (sessions.size <= SESSIONS_MAX) break
      sessions.delete(oldest)
    }
    return known
  }
  return {
    of,
    read(session, text) {
      const memory = of(session)
      memory.tail = `${memory.tail} ${text}`.slice(-TAIL_CHARS_MAX)
    },
  }
}
