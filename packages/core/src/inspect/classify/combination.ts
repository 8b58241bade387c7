/** How the scores of the two models become one. Fitted on development texts with the transformer's weights. */
export interface Combination {
  /** Weights of the log-odds of either calibrated score, and what is added. */
  readonly ngram: number
  readonly transformer: number
  readonly shift: number
  /** Windows below are not worth the transformer's time; texts at or above are sure without it. */
  readonly unsuspicious: number
  readonly sure: number
}

/** Log-odds are cut here, so that neither model alone can outshout the other. */
const ODDS_MAX = 5

/** The score of both, 0 to 1, rising in each. */
export function combined(ngram: number, transformer: number, { ngram: a, transformer: b, shift }: Combination): number {
  return 1 / (1 + Math.exp(-(a * odds(ngram) + b * odds(transformer) + shift)))
}

const odds = (score: number): number => Math.max(-ODDS_MAX, Math.min(ODDS_MAX, Math.log(score / (1 - score))))
