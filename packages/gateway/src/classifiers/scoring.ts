/** Which of the shipped model's outputs judges a text: what a person wrote, or what others did. */
export type Head = 'user' | 'third_party'

/** Turns a logit into a probability: `1 / (1 + e^-(scale · logit + shift))`. */
export interface Calibration {
  readonly scale: number
  readonly shift: number
}

/** How a model's outputs are read. */
export type Outputs =
  /** One logit for each head, each calibrated. */
  | { readonly kind: 'heads'; readonly heads: readonly Head[]; readonly calibration: Readonly<Record<Head, Calibration>> }
  /** One logit for each label; a single one is of injection against everything else. */
  | { readonly kind: 'labels'; readonly labels: readonly ('injection' | 'benign')[] }

/** How many numbers the model must give for a text. */
export function widthOf(outputs: Outputs): number {
  return outputs.kind === 'heads' ? outputs.heads.length : outputs.labels.length
}

/** Probability of an injected instruction, 0 to 1. */
export function probability(logits: readonly number[], outputs: Outputs, head: Head): number {
  if (logits.length !== widthOf(outputs) || !logits.every(Number.isFinite)) throw new Error('the model gave no numbers')
  if (outputs.kind === 'heads') {
    const { scale, shift } = outputs.calibration[head]
    return sigmoid(scale * (logits[outputs.heads.indexOf(head)] ?? 0) + shift)
  }
  if (outputs.labels.length === 1) return outputs.labels[0] === 'injection' ? sigmoid(logits[0] ?? 0) : 1 - sigmoid(logits[0] ?? 0)
  const highest = Math.max(...logits)
  const shares = logits.map((logit) => Math.exp(logit - highest))
  const whole = shares.reduce((sum, share) => sum + share, 0)
  const injected = shares.filter((_, at) => outputs.labels[at] === 'injection').reduce((sum, share) => sum + share, 0)
  return injected / whole
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}
