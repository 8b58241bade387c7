/** What ends when an agent is isolated: its requests in progress and its open streams. */
export interface Cuts {
  /** @returns How to forget it. */
  add(agent: string, end: () => void): () => void
  cut(agent: string): void
}

export function openCuts(): Cuts {
  const ends = new Map<string, Set<() => void>>()
  return {
    add(agent, end) {
      const known = ends.get(agent) ?? new Set()
      ends.set(agent, known)
      known.add(end)
      return () => {
        known.delete(end)
        if (known.size === 0 && ends.get(agent) === known) ends.delete(agent)
      }
    },
    cut(agent) {
      for (const end of ends.get(agent) ?? []) end()
    },
  }
}
