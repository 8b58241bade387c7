/** What a placeholder holds, seen by the gateway only. */
export interface SealedValue {
  readonly value: string
  /** Classes of data that the value was found to belong to (`pci`, `pii`, …); where it may go has to suit every one. */
  readonly classes: readonly string[]
  /** Whether the value was a JSON number. */
  readonly isNumber: boolean
}

/**
 * Makes and opens the inside of placeholders, for one agent in one session. Keeps nothing: any replica opens what another
 * sealed. The same content gives the same text within a session, so that a model can tell equal values from different ones.
 */
export interface Sealer {
  /** base64url, at most `SEALED_CHARS_MAX` characters; `undefined` for what cannot be sealed in so many. */
  seal(content: SealedValue, type: string): string | undefined
  /** `undefined` when it was damaged, made up, or sealed for another type, agent or session. Never throws. */
  open(sealed: string, type: string): SealedValue | undefined
}
