import type { DataClass } from '../model/content-class.ts'
import type { WrappedKey } from './key-source.ts'

/** The key that wraps every other key of the vault, as its key source wrapped it. Each erasure makes the next generation. */
export interface VaultRoot extends WrappedKey {
  /** 1 for the first. */
  readonly generation: number
}

/** A person's keys, sealed under the root. Which contents are theirs is inside: a row that cannot be opened links nothing. */
export interface VaultSubject {
  /** HMAC-SHA-256 of the person's id under a key of the gateway, hex. */
  readonly lookup: string
  readonly sealed: Uint8Array
}

/** A data key, sealed under the root. */
export interface VaultKey {
  /** UUID. */
  readonly id: string
  /** Random name for one person's contents; empty for contents about nobody. */
  readonly slot: string
  readonly class: DataClass
  /** `2026-11`, UTC. */
  readonly month: string
  readonly sealed: Uint8Array
}

export interface VaultContent extends Omit<VaultKey, 'sealed'> {
  /** Data key it is sealed under. */
  readonly key: string
  readonly sealed: Uint8Array
}

/** Contents of one slot, class and month. */
export interface VaultCount {
  readonly class: DataClass
  readonly month: string
  readonly contents: number
  readonly bytes: number
}

/** What `turn` seals anew. */
export type Rewrappable = ({ readonly kind: 'subject' } & VaultSubject) | ({ readonly kind: 'key' } & VaultKey)

/**
 * Sealed keys and sealed contents, apart from each other, so that backups can treat them differently. Everything is durable
 * when it resolves. What is deleted is overwritten as far as the engine can, but nothing rests on that.
 * @throws GatewayError `VAULT_UNAVAILABLE` from every call, when the store cannot be asked.
 */
export interface VaultStore {
  root(): Promise<VaultRoot | undefined>
  /**
   * Replaces the root and seals every key anew, all or nothing. Nobody adds a key under the old root afterwards.
   * @param next Its generation is one above the present one; 1 when there is none.
   * @param rewrap Called once for every row.
   * @throws GatewayError `STORE_MOVED` when another process turned it first.
   */
  turn(next: VaultRoot, rewrap: (row: Rewrappable) => Uint8Array): Promise<void>
  subject(lookup: string): Promise<VaultSubject | undefined>
  /**
   * Adds a person, or returns the row that another added first.
   * @throws GatewayError `STORE_MOVED` when `generation` is not that of the root.
   */
  addSubject(subject: VaultSubject, generation: number): Promise<VaultSubject>
  removeSubject(lookup: string): Promise<void>
  /** The data key of a slot, class and month. */
  findKey(at: Pick<VaultKey, 'slot' | 'class' | 'month'>): Promise<VaultKey | undefined>
  key(id: string): Promise<VaultKey | undefined>
  /** As `addSubject`; `STORE_MOVED` also when the slot is closed. */
  addKey(key: VaultKey, generation: number): Promise<VaultKey>
  /** @throws GatewayError `STORE_MOVED` when its data key is gone. */
  addContent(content: VaultContent): Promise<void>
  content(id: string): Promise<VaultContent | undefined>
  /** What is kept in a slot, by class and month, sorted. */
  counts(slot: string): Promise<readonly VaultCount[]>
  /** Data keys, at most `KEYS_LISTED_MAX`, by id, from behind `after` on. */
  keys(of: KeysOf, after?: string): Promise<readonly VaultKey[]>
  /** No data key is added to this slot any more. */
  closeSlot(slot: string): Promise<void>
  /** Deletes data keys first, then everything sealed under them; returns how many contents that were. */
  drop(keys: readonly string[]): Promise<number>
  close(): Promise<void>
}

/** All of one slot, or of one class from months before one. */
export type KeysOf = { readonly slot: string } | { readonly class: DataClass; readonly beforeMonth: string }

export const KEYS_LISTED_MAX = 1_000
