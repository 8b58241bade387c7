import { createHash, randomUUID } from 'node:crypto'
import {
  GatewayError,
  monthOf,
  openBytes,
  SEAL_RANDOM_BYTES,
  sealBytes,
  VAULT_KEY_BYTES,
  type Binding,
  type DataClass,
  type VaultContent,
  type VaultKey,
  type VaultStore,
} from '@sallyport/core'
import { committer } from '../committer.ts'
import type { Keeping, VaultRef } from '../content-vault.ts'
import { nodeAead } from '../node-aead.ts'
import { keyCache } from './key-cache.ts'
import { bindingOf, openKey, type KeyRing } from './key-ring.ts'
import { retried } from './subjects.ts'

/** Data keys in memory at once. */
const KEYS_MAX = 10_000

export interface ContentsDeps {
  readonly store: VaultStore
  readonly ring: KeyRing
  readonly tenant: string
  readonly randomBytes: (count: number) => Uint8Array
  readonly nowMs: () => number
  readonly cacheMs: number
  /** Key of commitments to contents about nobody. */
  readonly commitKey: Uint8Array
}

export interface Contents {
  keep(keeping: Keeping): Promise<VaultRef>
  read(ref: VaultRef): Promise<{ readonly text: string; readonly class: DataClass; readonly commitment: string }>
  /** Pseudonym of the person a data key is about; empty for nobody. @throws GatewayError `STORE_MOVED` */
  tokenOf(key: VaultKey): Promise<string>
  flush(): void
}

/** Layout of a data key's plain text: the key, then the person's pseudonym. */
const DATA_KEY_BYTES = VAULT_KEY_BYTES

interface DataKey {
  readonly id: string
  readonly key: Uint8Array
}

/** Seals contents under a data key per slot, class and month. */
export function openContents(deps: ContentsDeps): Contents {
  const { store, ring, tenant, randomBytes } = deps
  const cache = keyCache<DataKey>({ entriesMax: KEYS_MAX, ageMsMax: deps.cacheMs }, deps.nowMs)
  const bindingOfContent = (content: Omit<VaultContent, 'sealed'>): Binding => [
    tenant,
    'content',
    content.slot,
    content.class,
    content.month,
    content.key,
    content.id,
  ]
  return {
    async keep(keeping) {
      const place = { slot: keeping.subject?.slot ?? '', class: keeping.class, month: monthOf(keeping.class, deps.nowMs()) }
      const name = `${place.slot} ${place.class} ${place.month}`
      const { id: key, key: secret } = await cache.load(name, () => dataKey(place, keeping.subject?.token ?? ''))
      const content = { id: randomUUID(), key, ...place }
      // The key of the commitment lies beside the text, so that whoever may read it can check it, and goes with it.
      const plain = Buffer.concat([keeping.subject?.commitKey ?? deps.commitKey, Buffer.from(keeping.text, 'utf8')])
      const sealed = sealBytes(plain, {
        key: secret,
        binding: bindingOfContent(content),
        random: randomBytes(SEAL_RANDOM_BYTES),
        aead: nodeAead,
      })
      await store.addContent({ ...content, sealed }).catch((cause: unknown) => {
        cache.clear()
        throw new GatewayError('VAULT_UNAVAILABLE', 'the content could not be kept', { cause })
      })
      return { id: content.id, key, ciphertext: sha256Of(sealed) }
    },
    async read(ref) {
      const content = await store.content(ref.id)
      if (!content) throw erased()
      if (content.key !== ref.key || sha256Of(content.sealed) !== ref.ciphertext)
        throw new GatewayError('VAULT_UNAVAILABLE', 'the stored content is not the one that was recorded')
      const plain = openBytes(content.sealed, { key: await keyById(ref.key), binding: bindingOfContent(content), aead: nodeAead })
      if (!plain) throw new GatewayError('VAULT_UNAVAILABLE', 'the stored content does not open under its key')
      const text = Buffer.from(plain.subarray(VAULT_KEY_BYTES)).toString('utf8')
      return { text, class: content.class, commitment: committer(plain.subarray(0, VAULT_KEY_BYTES))(text).commitment }
    },
    tokenOf: async (key) => Buffer.from(await plainOf(key)).toString('utf8', DATA_KEY_BYTES),
    flush: () => cache.clear(),
  }

  async function dataKey(place: Pick<VaultKey, 'slot' | 'class' | 'month'>, token: string): Promise<DataKey> {
    return retried(ring, async () => {
      const found = await store.findKey(place)
      if (found) return open(found)
      const root = await ring.root()
      const made = { id: randomUUID(), ...place }
      const sealed = sealBytes(Buffer.concat([randomBytes(DATA_KEY_BYTES), Buffer.from(token)]), {
        key: root.key,
        binding: bindingOf(tenant, { kind: 'key', ...made }),
        random: randomBytes(SEAL_RANDOM_BYTES),
        aead: nodeAead,
      })
      return open(await store.addKey({ ...made, sealed }, root.generation))
    })
  }

  /** Always from the store: what was erased elsewhere is not read from memory here. */
  function keyById(id: string): Promise<Uint8Array> {
    return retried(ring, async () => {
      const found = await store.key(id)
      return found ? (await open(found)).key : undefined
    }).then((key) => {
      if (key === undefined) throw erased()
      return key
    })
  }

  async function open(key: VaultKey): Promise<DataKey> {
    return { id: key.id, key: (await plainOf(key)).subarray(0, DATA_KEY_BYTES) }
  }

  async function plainOf(key: VaultKey): Promise<Uint8Array> {
    return openKey(key.sealed, { root: await ring.root(), binding: bindingOf(tenant, { kind: 'key', ...key }) })
  }
}

function erased(): GatewayError {
  return new GatewayError('CONTENT_ERASED', 'the content was erased')
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
