import {
  GatewayError,
  isGatewayError,
  openBytes,
  SEAL_RANDOM_BYTES,
  sealBytes,
  VAULT_KEY_BYTES,
  type Binding,
  type KeySource,
  type Rewrappable,
  type VaultRoot,
  type VaultStore,
} from '@sallyport/core'
import { nodeAead } from '../node-aead.ts'

/** The root in memory. */
export interface Root {
  readonly generation: number
  readonly key: Uint8Array
}

/** Seals and opens the vault's keys under its root. */
export interface KeyRing {
  /** The root, fetched and unwrapped once, made where there is none. @throws GatewayError `VAULT_UNAVAILABLE` */
  root(): Promise<Root>
  /** Makes the next root, seals every key anew under it and destroys the old one. Returns whether its wrapping is destroyed too. */
  turn(): Promise<boolean>
  /** Destroys wrapping versions that an earlier process replaced and did not live to destroy. */
  finish(): Promise<void>
  flush(): void
}

export interface RingDeps {
  readonly store: VaultStore
  readonly source: KeySource
  readonly tenant: string
  readonly randomBytes: (count: number) => Uint8Array
}

const TURNS_MAX = 5

export function openKeyRing({ store, source, tenant, randomBytes }: RingDeps): KeyRing {
  let held: Promise<Root> | undefined
  const context = (generation: number): string => `sallyport/vault/${tenant}/${generation}`
  return {
    root,
    turn,
    async finish() {
      const stored = await store.root()
      if (stored) await source.destroyBefore(stored.version)
    },
    flush() {
      held = undefined
    },
  }

  function root(): Promise<Root> {
    const mine = (held ??= load().catch((error: unknown) => {
      if (held === mine) held = undefined
      throw error
    }))
    return mine
  }

  async function load(): Promise<Root> {
    const stored = await store.root()
    if (stored) return unwrapped(stored)
    try {
      return await replace(undefined)
    } catch (error) {
      // Another process made the first one.
      if (isGatewayError(error) && error.code === 'STORE_MOVED') return load()
      throw error
    }
  }

  async function unwrapped(stored: VaultRoot): Promise<Root> {
    try {
      return { generation: stored.generation, key: await source.unwrap(stored, context(stored.generation)) }
    } catch (cause) {
      if (!isGatewayError(cause) || cause.code !== 'CONTENT_ERASED') throw cause
      throw new GatewayError('STORE_MOVED', 'the root was turned while it was read', { cause })
    }
  }

  async function turn(): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      held = undefined
      try {
        const stored = await store.root()
        const old = stored && (await unwrapped(stored))
        const next = await replace(old)
        // Who asked meanwhile may have been given the old one.
        held = undefined
        return await source.destroyBefore(next.version)
      } catch (error) {
        if (attempt >= TURNS_MAX || !isGatewayError(error) || error.code !== 'STORE_MOVED') throw error
      }
    }
  }

  /** The new root is wrapped under a new version, so that destroying the older ones destroys every copy of the old root. */
  async function replace(old: Root | undefined): Promise<Root & { readonly version: number }> {
    const generation = (old?.generation ?? 0) + 1
    const key = randomBytes(VAULT_KEY_BYTES)
    await source.rotate()
    const wrapped = await source.wrap(key, context(generation))
    const rewrap = (row: Rewrappable): Uint8Array => {
      const binding = bindingOf(tenant, row)
      const plain = old && openBytes(row.sealed, { key: old.key, binding, aead: nodeAead })
      // A damaged row opens for nobody; it must not keep others from being erased.
      return plain ? sealBytes(plain, { key, binding, random: randomBytes(SEAL_RANDOM_BYTES), aead: nodeAead }) : row.sealed
    }
    await store.turn({ ...wrapped, generation }, rewrap)
    return { generation, key, version: wrapped.version }
  }
}

/** What a sealed key is bound to: it opens in its own row only. */
export function bindingOf(
  tenant: string,
  row: { readonly kind: 'subject'; readonly lookup: string } | ({ readonly kind: 'key' } & KeyPlace),
): Binding {
  return row.kind === 'subject' ? [tenant, 'subject', row.lookup] : [tenant, 'key', row.id, row.slot, row.class, row.month]
}

export interface KeyPlace {
  readonly id: string
  readonly slot: string
  readonly class: string
  readonly month: string
}

/** @throws GatewayError `STORE_MOVED` when it does not open: of another root, or damaged. */
export function openKey(
  sealed: Uint8Array,
  { root, binding }: { readonly root: Pick<Root, 'key'>; readonly binding: Binding },
): Uint8Array {
  const plain = openBytes(sealed, { key: root.key, binding, aead: nodeAead })
  if (plain === undefined) throw new GatewayError('STORE_MOVED', 'a key of the vault does not open under its root')
  return plain
}
