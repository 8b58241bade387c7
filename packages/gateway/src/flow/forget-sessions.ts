import { EMPTY_LABEL, joinLabels, type SessionLabel, type SessionStore } from '@sallyport/core'
import { type Item, sessionSeal } from './session-item.ts'

export interface ForgetDeps {
  readonly store: SessionStore
  /** The key of `openFlow`. */
  readonly key: Uint8Array
  readonly nowMs: () => number
}

/** What sessions know of a person, for whoever erases people. */
export interface PersonSessions {
  count(owner: string): Promise<number>
  /**
   * Forgets everything the sessions of a person hold, and keeps of each what it had met: how far it is to be trusted, and which
   * classes. Forgetting must not make a session clean. @returns How many sessions.
   */
  forget(owner: string): Promise<number>
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
