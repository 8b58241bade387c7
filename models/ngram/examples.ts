import { TOKEN_FEATURES_MAX, tokenFeatures } from '../../packages/core/src/inspect/classify/features.ts'
import { tokensOf } from '../../packages/core/src/inspect/classify/tokens.ts'
import type { Row } from '../corpus/rows.ts'

/** Longest text that is learnt from, in tokens. */
const TOKENS_MAX = 700

/** All features of all rows, read once: training visits them many times. */
export class Examples {
  readonly rows: readonly Row[]
  /** By row: its first token in `firsts`. */
  readonly offsets: Int32Array
  /** By token: its first feature in `features`; one more than there are tokens. */
  readonly firsts: Int32Array
  readonly features: Int32Array
  /** By row: tokens from (in) and to (out) where the attack stands; the whole row when that is not known. */
  readonly attacks: Int32Array

  constructor(rows: readonly Row[]) {
    this.rows = rows
    this.offsets = new Int32Array(rows.length + 1)
    this.attacks = new Int32Array(rows.length * 2)
    const firsts: number[] = [0]
    let features = new Int32Array(1 << 24)
    let used = 0
    const buffer = new Int32Array(TOKEN_FEATURES_MAX)
    rows.forEach((row, r) => {
      const tokens = tokensOf(row.text, TOKENS_MAX)
      for (let i = 0; i < tokens.count; i++) {
        const written = tokenFeatures(tokens, i, buffer)
        if (used + written > features.length) {
          const larger = new Int32Array(features.length * 2)
          larger.set(features)
          features = larger
        }
        features.set(buffer.subarray(0, written), used)
        used += written
        firsts.push(used)
      }
      this.offsets[r + 1] = firsts.length - 1
      const [from, to] = row.at ?? [0, row.text.length]
      let [first, last] = [0, tokens.count]
      while (first < tokens.count - 1 && (tokens.ends[first] ?? 0) <= from) first++
      while (last > first + 1 && (tokens.starts[last - 1] ?? 0) >= to) last--
      this.attacks.set([first, last], r * 2)
    })
    this.firsts = Int32Array.from(firsts)
    this.features = features.slice(0, used)
  }
}
