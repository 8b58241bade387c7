import { expect, test } from 'vitest'
import { type Head, type Outputs, probability } from './scoring.ts'

const heads: Outputs = {
  kind: 'heads',
  heads: ['user', 'third_party'],
  calibration: { user: { scale: 1, shift: 0 }, third_party: { scale: 2, shift: -2 } },
}

test.each<[number[], Outputs, Head, number, string]>([
  [[0, 9], heads, 'user', 0.5, 'the head of the channel is read, not the other'],
  [[9, 1], heads, 'third_party', 0.5, 'each head has its own calibration'],
  [[0], { kind: 'labels', labels: ['injection'] }, 'user', 0.5, 'one output is read with a sigmoid'],
  [[0, 0], { kind: 'labels', labels: ['benign', 'injection'] }, 'user', 0.5, 'two with a softmax'],
  [
    [0, 0, 0, 0],
    { kind: 'labels', labels: ['benign', 'injection', 'injection', 'benign'] },
    'user',
    0.5,
    'labels that mean the same add up',
  ],
  [[1000, -1000], { kind: 'labels', labels: ['injection', 'benign'] }, 'user', 1, 'large numbers do not overflow'],
])('R057: %j %j %s → %d: %s', (logits, outputs, head, score, _why) => {
  expect(probability(logits, outputs, head)).toBeCloseTo(score, 10)
})

test.each([[[Number.NaN, 0]], [[1]], [[1, 2, 3]]])('R057: ✗ %j is no answer', (logits) => {
  expect(() => probability(logits, heads, 'user')).toThrow('no numbers')
})
