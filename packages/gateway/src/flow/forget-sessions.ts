import { EMPTY_LABEL, joinLabels, type SessionLabel, type SessionStore } from '@sallyport/core'
import type { PersonSessions } from '../person-sessions.ts'
import { itemsOf } from './read-session.ts'
import { type Item, sessionSeal } from './session-item.ts'

export interface ForgetDeps {
  readonly store: SessionStore
  /** The key of `openFlow`. */
  readonly key: Uint8Array
  /** What is in memory of any session may be forgotten from here on. */
  readonly onForgotten: () => void
  readonly nowMs: () => number
}

export function personSessions({ store, key, onForgotten, nowMs }: ForgetDeps): PersonSessions {
  const seal = sessionSeal(key)
  return {
    count: async (owner) => (await store.owned(owner)).length,
    async forget(owner) {
      const names = await store.owned(owner)
      for (const name of names) {
        let label = EMPTY_LABEL
        let last = 0
        for await (const { seq, sealed } of itemsOf(store, name, 0)) {
          label = joinLabels(label, labelOf(seal.open(name, sealed)))
          last = seq
        }
        // In this order nobody ever finds the session empty. It belongs to nobody now.
        const rest = [
          seal.seal(name, {
            texts: [{ origin: 'unknown', integrity: label.integrity, classes: [], seen: [...label.classes], text: '' }],
          }),
        ]
        await store.append(name, rest, { nowMs: nowMs(), mustLast: true })
        // No further than was read: what was added meanwhile would go without its label.
        await store.erase(name, last + 1)
        onForgotten()
      }
      return names.length
    },
  }
}

function labelOf({ texts = [] }: Item): SessionLabel {
  return texts
    .filter(({ origin }) => origin !== 'model')
    .map(({ integrity, seen }) => ({ integrity, classes: seen }))
    .reduce(joinLabels, EMPTY_LABEL)
}
