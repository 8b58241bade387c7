import { EMPTY_LABEL, joinLabels, type SessionLabel, type SessionStore } from '@sallyport/core'
import type { PersonSessions } from '../person-sessions.ts'
import { type Item, sessionSeal } from './session-item.ts'

export interface ForgetDeps {
  readonly store: SessionStore
  /** The key of `openFlow`. */
  readonly key: Uint8Array
  readonly nowMs: () => number
}

export function personSessions({ store, key, nowMs }: ForgetDeps): PersonSessions {
  const seal = sessionSeal(key)
  return {
    count: async (owner) => (await store.owned(owner)).length,
    async forget(owner) {
      const names = await store.owned(owner)
      for (const name of names) {
        const items = await store.read(name, 0)
        const label = items.map(({ sealed }) => labelOf(seal.open(name, sealed))).reduce(joinLabels, EMPTY_LABEL)
        // In this order nobody ever finds the session empty. It belongs to nobody now.
        const rest = [
          seal.seal(name, {
            texts: [{ origin: 'unknown', integrity: label.integrity, classes: [], seen: [...label.classes], text: '' }],
          }),
        ]
        await store.erase(name, await store.append(name, rest, { nowMs: nowMs(), mustLast: true }))
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
