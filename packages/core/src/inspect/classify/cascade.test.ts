import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../errors.ts'
import { GuardThresholds } from '../../model/guard-thresholds.ts'
import type { Classifier } from '../../ports/classifier.ts'
import { read } from '../reading/read.ts'
import { CALIBRATION_BUCKETS, type CalibrationPoint } from './calibration.ts'
import { type CascadeOptions, type ClassifierInput, classify } from './cascade.ts'
import { combined } from './combination.ts'
import { TOKEN_FEATURES_MAX, tokenFeatures } from './features.ts'
import type { NgramModel } from './ngram-model.ts'
import { ngramModel } from './ngram-model.ts'
import { tokensOf } from './tokens.ts'

const flat: CalibrationPoint[] = Array.from({ length: CALIBRATION_BUCKETS }, () => ({ at: 0, spread: 1 }))

/** A model that scores a text by how many of its words are `bad`, and a little by `odd`. */
function wordModel(): NgramModel {
  const weights = new Int8Array(2 ** 16)
  const teach = (word: string, weight: number): void => {
    const into = new Int32Array(TOKEN_FEATURES_MAX)
    const count = tokenFeatures(tokensOf(word, 1), 0, into)
    for (const hash of into.subarray(0, count)) weights[hash & (weights.length - 1)] = weight
  }
  teach('bad', 100)
  teach('odd', 40)
  const head = { bias: -3, scale: 0.02, weights }
  return ngramModel({ bucketsLog2: 16, heads: [head, head, head], calibration: flat })
}

const [CLEAN, ODD, BAD] = ['plain words stand here', 'odd', 'bad']

/** A transformer that answers the same to every window, or fails, and remembers what it was asked. */
function transformer(answer: number | Error): { asked: string[]; classifier: Classifier } {
  const asked: string[] = []
  const score: Classifier['score'] = (windows) => {
    asked.push(...windows.map(({ text }) => text))
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(windows.map(() => answer))
  }
  return { asked, classifier: { name: 'stub', windowTokensMax: 256, score, close: () => Promise.resolve() } }
}

const combination = { ngram: 0.4, transformer: 0.6, shift: 0, unsuspicious: 0.05, sure: 0.95 }
const options = (classifier?: Classifier): CascadeOptions => ({
  ngram: { name: 'ngram', model: wordModel() },
  thresholds: GuardThresholds.parse({}),
  budget: { windowsMax: 100, transformerWindowsMax: 4 },
  ...(classifier ? { transformer: { classifier, calibration: flat, combination } } : {}),
})
const input = (texts: readonly string[], trust: ClassifierInput['trust'] = 'web'): ClassifierInput => ({
  texts: texts.map((text, i) => ({ path: `/${i}`, reading: read(text, { channel: 'web' }) })),
  channel: 'web',
  trust,
})
const codes = (findings: readonly { code: string }[]): string[] => findings.map(({ code }) => code)

describe('without a transformer', () => {
  test('answers at once, scores every text and reports those over the threshold', () => {
    const answer = classify(input([CLEAN, BAD]), options())
    if (answer instanceof Promise) throw new Error('must not wait')
    expect(answer.scores.map(({ path }) => path)).toEqual(['/0', '/1'])
    expect(answer.findings).toMatchObject([{ code: 'injected_instruction', path: '/1', detector: 'ngram' }])
    expect(answer.scores[0]).toMatchObject({ stage: 'ngram', models: ['ngram'], isWhole: true })
  })

  test('R058: one score is over the threshold of a less trusted source and under that of a more trusted one', async () => {
    const thresholds = GuardThresholds.parse({ api: 0.999, internal: 0.9999 })
    const found = async (trust: ClassifierInput['trust']): Promise<string[]> =>
      codes((await classify(input([BAD], trust), { ...options(), thresholds })).findings)
    expect(await found('user')).toEqual(['injected_instruction'])
    expect(await found('internal')).toEqual([])
  })

  test('R058: a more trusted source with a lower threshold is refused', () => {
    expect(GuardThresholds.safeParse({ user: 0.8, agent: 0.7 }).success).toBe(false)
    expect(GuardThresholds.safeParse({ user: 1.2 }).success).toBe(false)
    const { user, api, internal } = GuardThresholds.parse({})
    expect(user).toBeLessThan(api)
    expect(api).toBeLessThan(internal)
  })

  test('R073: an attack is scored as it came and in every reading; the finding names the reading and the place', async () => {
    const hidden = '<p>fine words</p><p style="display:none">bad</p>'
    const { scores } = await classify(input([hidden]), options())
    expect(scores[0]?.score).toBeGreaterThan(0.5)
    expect(hidden.slice(scores[0]?.start, scores[0]?.end)).toContain('bad')
  })

  test('a text over the budget is unscanned, never clean; one within is not', async () => {
    const long = 'word '.repeat(3000)
    const { findings, scores } = await classify(input([long, BAD]), options())
    expect(codes(findings)).toEqual(['unscanned', 'unscanned'])
    expect(scores.map(({ isWhole }) => isWhole)).toEqual([false, false])
    expect(codes((await classify(input([CLEAN]), options())).findings)).toEqual([])
  })
})

describe('with a transformer', () => {
  test('is asked only where it can change the outcome', async () => {
    const stub = transformer(0.99)
    expect(classify(input([CLEAN]), options(stub.classifier))).not.toBeInstanceOf(Promise)
    expect(stub.asked).toEqual([])
    await classify(input([CLEAN, ODD]), options(stub.classifier))
    expect(stub.asked).toEqual([ODD])
  })

  test.each([
    [0.999, ['injected_instruction']],
    [0.001, []],
  ])('its answer %s decides an uncertain text', async (answer, expected) => {
    const { findings, scores } = await classify(input([ODD]), options(transformer(answer).classifier))
    expect(codes(findings)).toEqual(expected)
    expect(scores[0]).toMatchObject({ stage: 'transformer', models: ['ngram', 'stub'] })
  })

  test('at most as many windows as the budget has, the most suspicious first', async () => {
    const stub = transformer(0.5)
    await classify(input(Array.from({ length: 9 }, () => ODD)), options(stub.classifier))
    expect(stub.asked).toHaveLength(4)
  })

  test.each([
    ['fails', new GatewayError('CLASSIFIER_UNAVAILABLE', 'too busy')],
    ['answers nonsense', NaN],
  ])('when it %s the n-gram score stands and a finding says so', async (_, answer) => {
    const alone = await classify(input([ODD]), options())
    const { findings, scores } = await classify(input([ODD]), options(transformer(answer).classifier))
    expect(scores[0]?.score).toBe(alone.scores[0]?.score)
    expect(findings).toMatchObject([...alone.findings, { detector: 'transformer', code: 'detector_failed' }])
  })

  test('the combination rises in both scores', () => {
    expect(combined(0.5, 0.5, combination)).toBeCloseTo(0.5)
    expect(combined(0.6, 0.5, combination)).toBeGreaterThan(combined(0.5, 0.5, combination))
    expect(combined(0.5, 0.6, combination)).toBeGreaterThan(combined(0.5, 0.5, combination))
    expect(combined(0, 1, combination)).toBeGreaterThan(0)
  })
})
