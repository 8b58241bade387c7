import { hkdfSync } from 'node:crypto'
import {
  GatewayError,
  isGatewayError,
  SEAL_RANDOM_BYTES,
  sealBytes,
  toHex,
  VAULT_KEY_BYTES,
  type VaultStore,
  type VaultSubject,
} from '@sallyport/core'
import { committer } from '../committer.ts'
import type { SubjectKeys } from '../content-vault.ts'
import { nodeAead } from '../node-aead.ts'
import { keyCache } from './key-cache.ts'
import { bindingOf, openKey, type KeyRing } from './key-ring.ts'

const SLOT_BYTES = 16
/** People whose keys are in memory at once. */
const SUBJECTS_MAX = 10_000
/** Tries when the root is turned meanwhile. */
const TRIES_MAX = 5

export interface SubjectsDeps {
  readonly store: VaultStore
  readonly ring: KeyRing
  readonly tenant: string
  /** Key of the look-up names. */
  readonly pepper: Uint8Array
  readonly randomBytes: (count: number) => Uint8Array
  readonly nowMs: () => number
  readonly cacheMs: number
}

/** Finds and makes people's keys. */
export interface Subjects {
  lookup(id: string): string
  /** Makes the person's keys when there are none. */
  ensure(id: string): SubjectKeys | Promise<SubjectKeys>
  /** Never makes any, and never answers from memory. */
  find(lookup: string): Promise<SubjectKeys | undefined>
  flush(): void
}

export function openSubjects(deps: SubjectsDeps): Subjects {
  const { store, ring, tenant, randomBytes } = deps
  const cache = keyCache<SubjectKeys>({ entriesMax: SUBJECTS_MAX, ageMsMax: deps.cacheMs }, deps.nowMs)
  const commit = committer(deps.pepper)
  const lookup = (id: string): string => commit(`${tenant}\0${id}`).commitment
  return {
    lookup,
    ensure(id) {
      const name = lookup(id)
      return cache.load(name, () => ensure(name))
    },
    find: (name) =>
      retried(ring, async () => {
        const found = await store.subject(name)
        return found && keysOf(await open(found))
      }),
    flush: () => cache.clear(),
  }

  async function ensure(name: string): Promise<SubjectKeys> {
    return retried(ring, async () => {
      const found = await store.subject(name)
      if (found) return keysOf(await open(found))
      const root = await ring.root()
      const sealed = sealBytes(randomBytes(SLOT_BYTES + VAULT_KEY_BYTES), {
        key: root.key,
        binding: bindingOf(tenant, { kind: 'subject', lookup: name }),
        random: randomBytes(SEAL_RANDOM_BYTES),
        aead: nodeAead,
      })
      return keysOf(await open(await store.addSubject({ lookup: name, sealed }, root.generation)))
    })
  }

  async function open({ lookup: name, sealed }: VaultSubject): Promise<Uint8Array> {
    return openKey(sealed, { root: await ring.root(), binding: bindingOf(tenant, { kind: 'subject', lookup: name }) })
  }
}

/** Runs again with a fresh root when the root was turned meanwhile. @throws GatewayError `VAULT_UNAVAILABLE` when that does not help */
export async function retried<T>(ring: Pick<KeyRing, 'flush'>, run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'STORE_MOVED') throw error
      if (attempt >= TRIES_MAX)
        throw new GatewayError('VAULT_UNAVAILABLE', 'the keys of the vault cannot be used', { cause: error })
      ring.flush()
    }
  }
}

/** Pseudonym and commitment key come from the person's own random key, so they cannot be made again once it is gone. */
function keysOf(plain: Uint8Array): SubjectKeys {
  const key = plain.subarray(SLOT_BYTES)
  const derive = (use: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), `sallyport/v1/subject/${use}`, VAULT_KEY_BYTES))
  const commitKey = derive('commit')
  return { slot: toHex(plain.subarray(0, SLOT_BYTES)), token: toHex(derive('token')), commitKey, commit: committer(commitKey) }
}
