import type { Content, DataClass, Handling, VaultCount } from '@sallyport/core'

/** Where the log says a content lies. */
export type VaultRef = NonNullable<Content['vault']>

/** One person's keys, ready to use. */
export interface SubjectKeys {
  /** Random name of the person's contents in the vault. */
  readonly slot: string
  /** Pseudonym in the log; gone with the key. */
  readonly token: string
  readonly commitKey: Uint8Array
  /** Commits to a text under `commitKey`. */
  readonly commit: Handling['commit']
}

/** A text to keep. */
export interface Keeping {
  /** Absent: about nobody. */
  readonly subject?: SubjectKeys
  readonly class: DataClass
  readonly text: string
}

/** What the vault holds of one person. */
export interface SubjectHoldings {
  readonly token: string
  /** Ids of the data keys. */
  readonly keys: readonly string[]
  readonly counts: readonly VaultCount[]
}

/** Content apart from the log, each person's under keys that can be destroyed. */
export interface ContentVault {
  /** Name of the key source and of its key. */
  readonly keySource: string
  /**
   * A person's keys, made on first use; a promise only when they are not in memory.
   * @throws GatewayError `VAULT_UNAVAILABLE`
   */
  subject(id: string): SubjectKeys | Promise<SubjectKeys>
  /** Seals and stores a text; durable when it resolves. @throws GatewayError `VAULT_UNAVAILABLE` */
  keep(keeping: Keeping): Promise<VaultRef>
  /**
   * Reads what an entry refers to, and checks it against the entry.
   * @param commitment What the entry commits to; the text must be that text.
   * @throws GatewayError `CONTENT_ERASED`, `VAULT_UNAVAILABLE` when what is stored is not what was recorded.
   */
  read(ref: VaultRef, commitment: string): Promise<{ readonly text: string; readonly class: DataClass }>
  /** Name of a person's row: a keyed hash, for records that outlive a wait. */
  lookup(id: string): string
  /** What there is of a person; `undefined` for one the vault does not know. Makes nothing. */
  holdings(lookup: string): Promise<SubjectHoldings | undefined>
  /**
   * Destroys a person's keys and contents, then turns the root, so that no older copy of any key opens. Doing it again, also
   * after a crash in between, finishes it.
   * @returns Whether the key source destroyed its old version too; `false` leaves older backups readable.
   */
  erase(lookup: string): Promise<boolean>
  /**
   * Destroys everything of a class from months before one, except what is held. As `erase`.
   * @param isHeld Asked with the person's pseudonym; with none for contents about nobody.
   * @returns How many data keys went, and what was sealed under them.
   */
  expire(
    of: { readonly class: DataClass; readonly beforeMonth: string },
    isHeld: (token: string | undefined) => Promise<boolean>,
  ): Promise<{ readonly keys: number; readonly contents: number; readonly isDestroyed: boolean }>
  /** Destroys wrapping keys that an earlier process replaced and did not live to destroy. */
  finish(): Promise<void>
  /** Forgets every key in memory. Told when another replica erased. */
  flush(): void
  close(): Promise<void>
}
