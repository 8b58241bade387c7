import { SCALES, windowStart, windowsAt } from '../../packages/core/src/inspect/classify/windows.ts'
import { chance } from '../corpus/random.ts'
import type { Examples } from './examples.ts'

export interface TrainOptions {
  readonly bucketsLog2: number
  readonly seed: number
  readonly epochs?: number
  readonly rate?: number
  readonly decay?: number
  readonly note?: (line: string) => void
}

export interface TrainedHead {
  readonly bias: number
  readonly scale: number
  readonly weights: Int8Array
}

/**
 * Logistic regression by AdaGrad. A row is learnt from by its window that scores highest (multiple instances): of an attack, among
 * the windows that hold most of it; of harmless text, the two highest of all.
 */
export function train(
  examples: Examples,
  { bucketsLog2, seed, epochs = 7, rate = 0.12, decay = 2e-7, note }: TrainOptions,
): TrainedHead {
  const weights = new Float32Array(2 ** bucketsLog2)
  const squares = new Float32Array(2 ** bucketsLog2).fill(1e-3)
  const learner = { weights, squares, bias: -1, biasSquare: 1e-3, rate, decay }
  const random = chance(seed)
  const order = Array.from(examples.rows, (_, i) => i)
  const classWeight = balance(examples)
  for (let epoch = 0; epoch < epochs; epoch++) {
    let [loss, count] = [0, 0]
    for (const row of random.shuffle(order)) {
      for (const window of chosenWindows(examples, row, learner)) {
        loss += learn({ examples, learner }, window, { label: examples.rows[row]?.label ?? 0, weight: classWeight(row) })
        count++
      }
    }
    note?.(`epoch ${epoch + 1}: mean loss ${(loss / count).toFixed(4)} over ${count} windows`)
  }
  return quantised(weights, learner.bias)
}

interface Learner {
  readonly weights: Float32Array
  readonly squares: Float32Array
  bias: number
  biasSquare: number
  readonly rate: number
  readonly decay: number
}

interface Window {
  readonly from: number
  readonly end: number
  logit: number
}

/** A source weighs by the root of its size, so that the large ones do not drown the rest. */
function balance(examples: Examples): (row: number) => number {
  const sizes = new Map<string, number>()
  const key = (row: number): string => `${examples.rows[row]?.source} ${examples.rows[row]?.label}`
  for (let row = 0; row < examples.rows.length; row++) sizes.set(key(row), (sizes.get(key(row)) ?? 0) + 1)
  return (row) => (examples.rows[row]?.weight ?? 1) * Math.min(2, Math.max(0.5, Math.sqrt(1000 / (sizes.get(key(row)) ?? 1))))
}

function chosenWindows(examples: Examples, row: number, learner: Learner): Window[] {
  const base = examples.offsets[row] ?? 0
  const count = (examples.offsets[row + 1] ?? 0) - base
  const isAttack = examples.rows[row]?.label === 1
  const [first = 0, last = count] = examples.attacks.subarray(row * 2, row * 2 + 2)
  const best: Window[] = []
  for (const scale of SCALES) {
    for (let i = 0; i < windowsAt(count, scale); i++) {
      const from = windowStart(i, count, scale)
      const end = Math.min(count, from + scale.tokens)
      const shared = Math.min(end, last) - Math.max(from, first)
      if (isAttack && shared < Math.min(last - first, scale.tokens) * 0.6) continue
      best.push({ from: base + from, end: base + end, logit: logit(examples, { from: base + from, end: base + end }, learner) })
    }
  }
  best.sort((a, b) => b.logit - a.logit)
  return best.slice(0, isAttack ? 1 : 2)
}

function logit({ firsts, features }: Examples, { from, end }: Pick<Window, 'from' | 'end'>, { weights, bias }: Learner): number {
  const [start, stop] = [firsts[from] ?? 0, firsts[end] ?? 0]
  const mask = weights.length - 1
  let sum = 0
  for (let k = start; k < stop; k++) sum += weights[(features[k] ?? 0) & mask] ?? 0
  return bias + sum / Math.sqrt(stop - start)
}

function learn(
  { examples: { firsts, features }, learner }: { examples: Examples; learner: Learner },
  window: Window,
  { label, weight }: { label: number; weight: number },
): number {
  const { weights, squares, rate, decay } = learner
  const [start, stop] = [firsts[window.from] ?? 0, firsts[window.end] ?? 0]
  const mask = weights.length - 1
  const probability = 1 / (1 + Math.exp(-window.logit))
  const error = (probability - label) * weight
  const step = error / Math.sqrt(stop - start)
  if (Math.abs(error) > 1e-3) {
    for (let k = start; k < stop; k++) {
      const bucket = (features[k] ?? 0) & mask
      const weightNow = weights[bucket] ?? 0
      const gradient = step + decay * weightNow
      const square = (squares[bucket] ?? 0) + gradient * gradient
      squares[bucket] = square
      weights[bucket] = weightNow - (rate * gradient) / Math.sqrt(square)
    }
    learner.biasSquare += error * error
    learner.bias -= (rate * error) / Math.sqrt(learner.biasSquare)
  }
  return -Math.log(Math.max(1e-9, label === 1 ? probability : 1 - probability)) * weight
}

/** Eight bits a weight; the few outermost are clipped, so that the many are fine-grained. */
function quantised(weights: Float32Array, bias: number): TrainedHead {
  const sizes = Float32Array.from(weights, Math.abs).toSorted()
  const top = sizes[Math.floor(sizes.length * 0.9998)] ?? 1
  const scale = top / 127
  return { bias, scale, weights: Int8Array.from(weights, (weight) => Math.max(-127, Math.min(127, Math.round(weight / scale)))) }
}
