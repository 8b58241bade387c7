import { learnSequences, sessionSurprise, type SequenceModel, type Step } from './sequence-model.ts'

/** What one task's sessions look like, learnt once. */
export interface Baseline {
  readonly model: SequenceModel
  readonly servers: ReadonlySet<string>
  /** More surprise than this is an alert; absent while there are too few sessions to promise the rate of false alarms. */
  readonly surpriseMax?: number
}

/** Folds of the calibration: what is scored was not learnt from. */
const FOLDS = 5

/**
 * Learns a baseline and calibrates it: every session is scored by a model of the other folds, and the threshold is the score that
 * at most `alpha` of sessions from the same source exceed (conformal: p = (1 + sessions at least as surprising) / (n + 1) ≤ alpha).
 * @param alpha Share of false alarms accepted. Needs 1/alpha − 1 sessions, 99 for 0.01.
 * @see Vovk, Cross-conformal predictors, 2015
 */
export function learnBaseline(sessions: readonly (readonly Step[])[], alpha: number): Baseline {
  const model = learnSequences(sessions)
  const servers = new Set(sessions.flat().map(({ token }) => serverOf(token)))
  const exceeding = Math.floor(alpha * (sessions.length + 1)) - 1
  if (exceeding < 0) return { model, servers }
  const scores = Array.from({ length: FOLDS }, (_, fold) => {
    const others = learnSequences(sessions.filter((_session, i) => i % FOLDS !== fold))
    return sessions.filter((_session, i) => i % FOLDS === fold).map((session) => sessionSurprise(others, session))
  }).flat()
  const surpriseMax = scores.sort((a, b) => b - a)[exceeding] ?? Infinity
  return { model, servers, surpriseMax }
}

/** The server of a token; names of servers hold no dot. */
export function serverOf(token: string): string {
  return token.slice(0, Math.max(0, token.indexOf('.')))
}
