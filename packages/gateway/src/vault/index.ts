import {
  GatewayError,
  isGatewayError,
  KEYS_LISTED_MAX,
  type KeySource,
  type KeysOf,
  type VaultKey,
  type VaultStore,
} from '@sallyport/core'
import type { ContentVault } from '../content-vault.ts'
import { openContents } from './contents.ts'
import { openKeyRing } from './key-ring.ts'
import { openSubjects } from './subjects.ts'

export interface VaultDeps {
  readonly store: VaultStore
  readonly source: KeySource
  /** Bound into everything that is sealed. */
  readonly tenant: string
  /** Key of the names that people's rows are found by. */
  readonly pepper: Uint8Array
  readonly randomBytes: (count: number) => Uint8Array
  readonly nowMs: () => number
  /** Longest time a key stays in memory. */
  readonly cacheMs: number
  /** Key of commitments to contents about nobody: that of the whole gateway. */
  readonly commitKey: Uint8Array
}

/** Opens the vault. Nothing is asked of store or key source before the first content, except what an earlier process left. */
export function openVault(deps: VaultDeps): ContentVault {
  const { store, source } = deps
  const ring = openKeyRing(deps)
  const subjects = openSubjects({ ...deps, ring })
  const contents = openContents({ ...deps, ring })
  return {
    keySource: source.name,
    subject: (id) => subjects.ensure(id),
    keep: (keeping) =>
      contents.keep(keeping).catch((cause: unknown) => {
        // Whatever it was, the keys in memory may be of somebody erased meanwhile: the next act looks again.
        flush()
        throw isGatewayError(cause) ? cause : new GatewayError('VAULT_UNAVAILABLE', 'the content could not be kept', { cause })
      }),
    async read(ref, commitment) {
      const found = await contents.read(ref)
      if (found.commitment === commitment) return { text: found.text, class: found.class }
      throw new GatewayError('VAULT_UNAVAILABLE', 'the stored content is not the one that was recorded')
    },
    lookup: (id) => subjects.lookup(id),
    async holdings(lookup) {
      const subject = await subjects.find(lookup)
      if (!subject) return undefined
      const ids: string[] = []
      for await (const { id } of keysOf({ slot: subject.slot })) ids.push(id)
      return { token: subject.token, keys: ids, counts: await store.counts(subject.slot) }
    },
    async erase(lookup) {
      const subject = await subjects.find(lookup)
      if (subject) {
        // Another replica may hold the person's keys in memory: from here on it can add none.
        await store.closeSlot(subject.slot)
        await dropKeys({ slot: subject.slot }, async () => true)
        // Last: as long as this row is there, what is left can be found again.
        await store.removeSubject(lookup)
      }
      flush()
      return ring.turn()
    },
    async expire(of, isHeld) {
      const dropped = await dropKeys(of, async (key) => !(await isHeld((await contents.tokenOf(key)) || undefined)))
      if (dropped.keys === 0) return { ...dropped, isDestroyed: true }
      flush()
      return { ...dropped, isDestroyed: await ring.turn() }
    },
    flush,
    finish: () => ring.finish(),
    async close() {
      await source.close()
      await store.close()
    },
  }

  async function dropKeys(of: KeysOf, isDropped: (key: VaultKey) => Promise<boolean>): Promise<{ keys: number; contents: number }> {
    const dropped = { keys: 0, contents: 0 }
    for await (const key of keysOf(of)) {
      if (!(await isDropped(key))) continue
      dropped.contents += await store.drop([key.id])
      dropped.keys++
    }
    return dropped
  }

  async function* keysOf(of: KeysOf): AsyncGenerator<VaultKey> {
    let after = ''
    for (;;) {
      const page = await store.keys(of, after)
      yield* page
      if (page.length < KEYS_LISTED_MAX) return
      after = page.at(-1)?.id ?? after
    }
  }

  function flush(): void {
    subjects.flush()
    contents.flush()
    ring.flush()
  }
}
