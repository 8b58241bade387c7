/** A key as its source wrapped it, with the version of the wrapping key it opens under. */
export interface WrappedKey {
  readonly version: number
  readonly bytes: Uint8Array
}

/**
 * Wraps keys under a named, versioned key that never leaves it: a local file, a cloud's key service, HashiCorp Vault. The vault
 * keeps exactly one key wrapped here, its root; so what a source must do is little, and destroying a version destroys every
 * copy of the root that was wrapped under it, in whatever backup it lies.
 */
export interface KeySource {
  /** Names source and key for certificates; no secret. */
  readonly name: string
  /**
   * Wraps 32 bytes under the newest version.
   * @param context Bound to the result: `unwrap` needs the same.
   * @throws GatewayError `VAULT_UNAVAILABLE` when the source cannot be asked, or has no key yet.
   */
  wrap(key: Uint8Array, context: string): Promise<WrappedKey>
  /** @throws GatewayError `VAULT_UNAVAILABLE`; `CONTENT_ERASED` when the version is destroyed. */
  unwrap(wrapped: WrappedKey, context: string): Promise<Uint8Array>
  /** Makes a new version, the first one too. Durable when it resolves; older versions still unwrap. Returns its number. */
  rotate(): Promise<number>
  /**
   * Destroys every version below `version`, for good; doing it again does nothing.
   * @returns `false` when this source cannot destroy a version: backups then stay readable for as long as they exist.
   */
  destroyBefore(version: number): Promise<boolean>
  close(): Promise<void>
}

/** Bytes of every key the vault makes. */
export const VAULT_KEY_BYTES = 32
