import { expect, test } from 'vitest'
import { ClassifierConfig } from './config-classifier.ts'

const VALID = {
  model: 'm.onnx',
  tokenizer: 't.json',
  sha256: { model: 'a'.repeat(64), tokenizer: 'b'.repeat(64) },
  labels: ['benign', 'injection'],
  trainedOn: '2026-05-01',
}

test('R057: the operator names the files, their hashes and what the outputs mean; the rest has defaults', () => {
  expect(ClassifierConfig.parse(VALID)).toEqual({
    ...VALID,
    windowTokensMax: 512,
    curve: { at: 0, spread: 2.2 },
    timeoutMs: 2_000,
    workers: 1,
  })
  expect(ClassifierConfig.parse({ ...VALID, labels: ['injection'] }).labels).toEqual(['injection'])
})

test.each<[object, string]>([
  [{ sha256: undefined }, 'a model without a hash could be any model'],
  [{ sha256: { model: 'a'.repeat(64), tokenizer: 'B'.repeat(64) } }, 'hashes are lower case'],
  [{ labels: ['benign'] }, 'a model that only knows benign text finds nothing'],
  [{ labels: ['benign', 'benign'] }, 'nor does one with two such labels'],
  [{ labels: ['injection', 'injection'] }, 'one that knows nothing else flags everything'],
  [{ trainedOn: undefined }, 'when it is due for training again must be known'],
  [{ extra: 1 }, 'a misspelt setting is not ignored'],
])('R057: ✗ %j is refused: %s', (change, _why) => {
  expect(ClassifierConfig.safeParse({ ...VALID, ...change }).success).toBe(false)
})
