import { EMPTY_LABEL, joinLabels, type SessionStore } from '@sallyport/core'
import type { SessionSummaries } from '../session-summaries.ts'
import { itemsOf } from './read-session.ts'
import { sessionSeal } from './session-item.ts'
import { SessionMemory } from './session-memory.ts'

export interface SummaryDeps extends Pick<SessionSummaries, 'ownerName'> {
  readonly store: SessionStore
  /** The key of `openFlow`. */
  readonly key: Uint8Array
  /** What is in memory of any session may be forgotten from here on. */
  readonly onForgotten: () => void
  readonly nowMs: () => number
}

export function sessionSummaries({ store, key, ownerName, onForgotten, nowMs }: SummaryDeps): SessionSummaries {
  const seal = sessionSeal(key)
  return {
    ownerName,
    async look(agent, session) {
      const name = seal.name(agent, session)
      const memory = new SessionMemory()
      for await (const { seq, sealed } of itemsOf(store, name, 0)) {
        memory.add(seal.open(name, sealed), seq)
        memory.seq = seq
      }
      if (memory.seq === 0) return undefined
      const owner = await store.owner(name)
      return { ...memory.label, last: memory.seq, ...(owner !== undefined && { owner }) }
    },
    async begin(agent, session, { text, standing: { owner, classes, last } }) {
      const name = seal.name(agent, session)
      const met = joinLabels(EMPTY_LABEL, { integrity: 'user', classes })
      const item = {
        anew: { upTo: last },
        texts: [{ origin: 'user' as const, integrity: met.integrity, classes: [], seen: [...met.classes], text }],
      }
      await store.append(name, [seal.seal(name, item)], { nowMs: nowMs(), mustLast: true, ...(owner !== undefined && { owner }) })
      // Whoever read it before reads on and finds that it began anew; nobody needs the rest.
      await store.erase(name, last + 1)
      onForgotten()
    },
  }
}
