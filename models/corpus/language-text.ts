import type { Slots } from './random.ts'

/** What one language contributes: attacks and ordinary text, composed of the same kind of pieces. */
export interface LanguageText {
  readonly attacks: readonly string[]
  readonly requests: readonly string[]
  readonly prose: readonly string[]
  /** Trigger words in harmless use. */
  readonly twins: readonly string[]
  readonly slots: Slots
}
