import { describe, expect, test } from 'vitest'
import { AlertOptions } from '../../alert-options.ts'
import { sampleEvent } from '../../fixtures/samples.ts'
import type { SecurityEvent } from '../../security-event.ts'
import { outcomeDrift } from './index.ts'

const OPTIONS = AlertOptions.parse({ driftOutcomes: 200 })
/** Deterministic noise: sizes of a clean corpus vary too. */
const noise = (i: number): number => ((i * 7_919) % 97) / 97

interface Corpus {
  readonly bytes: (i: number) => number
  readonly tool?: string
  readonly status?: string
}
const CLEAN: Corpus = { bytes: (i) => 400 + Math.floor(noise(i) * 400) }

function run(...corpora: readonly (readonly [count: number, corpus: Corpus])[]): readonly string[] {
  const state = outcomeDrift.initial()
  let i = 0
  return corpora.flatMap(([count, { bytes, tool = 'search', status = 'success' }]) =>
    Array.from({ length: count }, () => {
      i += 1
      const event: SecurityEvent = {
        ...sampleEvent('succeeded'),
        type: 'outcome',
        agent: 'clerk',
        task: 'mail',
        action: { kind: 'tool.call', server: 'kb', name: tool, digest: 'd' },
        outcome: { status, reasons: [], effect: 'none', durationMs: 1, bytes: bytes(i) },
      }
      return outcomeDrift.step(state, { type: 'event', event }, OPTIONS).map(({ subject }) => subject ?? '')
    }).flat(),
  )
}

test('R085: a poisoned corpus whose answers are longer is reported, once for each window', () => {
  const poisoned: Corpus = { bytes: (i) => 4_000 + Math.floor(noise(i) * 400) }
  expect(run([200, CLEAN], [200, poisoned])).toEqual(['answers of kb.search'])
  expect(run([200, CLEAN], [400, poisoned])).toHaveLength(2)
})
test('R085: a poisoned third of the answers is enough', () => {
  const mixed: Corpus = { bytes: (i) => (i % 3 === 0 ? 4_000 : CLEAN.bytes(i)) }
  expect(run([200, CLEAN], [200, mixed])).toEqual(['answers of kb.search'])
})
test('R085: a clean corpus swapped for another within tolerance is not', () => {
  const other: Corpus = { bytes: (i) => 420 + Math.floor(noise(i + 50) * 400) }
  expect(run([200, CLEAN], [2_000, other])).toEqual([])
})
test('R085: answers that begin to fail, and an agent that turns to another tool, are reported', () => {
  expect(run([200, CLEAN], [200, { ...CLEAN, status: 'tool_error' }])).toEqual(['answers of kb.search'])
  expect(run([200, CLEAN], [200, { ...CLEAN, tool: 'export' }])).toEqual(['tools of clerk mail'])
})
test('R085: nothing is said of fewer outcomes than are compared', () => {
  expect(run([200, CLEAN], [199, { bytes: () => 9_000 }])).toEqual([])
})

describe('R110: how sure a model says it is, and what it asks for', () => {
  interface Said {
    readonly confidence?: (i: number) => number
    readonly tools?: (i: number) => readonly string[]
    readonly reasons?: readonly string[]
  }
  const sure = (i: number): number => 0.8 + noise(i) * 0.19
  const usual = (i: number): readonly string[] => (i % 4 === 0 ? ['find', 'read'] : ['find'])

  function ask(...answers: readonly (readonly [count: number, said: Said])[]): readonly string[] {
    const state = outcomeDrift.initial()
    let i = 0
    return answers.flatMap(([count, { confidence, tools = () => [], reasons = [] }]) =>
      Array.from({ length: count }, () => {
        i += 1
        const event: SecurityEvent = {
          ...sampleEvent('succeeded'),
          type: 'outcome',
          agent: 'clerk',
          task: 'mail',
          action: { kind: 'model.call', name: 'default', digest: 'd' },
          outcome: { status: 'success', reasons: [...reasons], effect: 'none', durationMs: 1, bytes: 9 },
          model: { ...(confidence && { confidence: confidence(i) }), tools: [...tools(i)] },
        }
        return outcomeDrift.step(state, { type: 'event', event }, OPTIONS).map(({ subject }) => subject ?? '')
      }).flat(),
    )
  }

  test('a model that becomes unsure, or surer than it was, is reported', () => {
    const expected = ['confidence of default for clerk mail']
    expect(ask([200, { confidence: sure }], [200, { confidence: (i) => 0.4 + noise(i) * 0.3 }])).toEqual(expected)
    expect(ask([200, { confidence: (i) => 0.5 + noise(i) * 0.3 }], [200, { confidence: () => 1 }])).toEqual(expected)
  })
  test('so is one that does not say any more', () => {
    expect(ask([200, { confidence: sure }], [200, { reasons: ['confidence_low'] }])).toEqual([
      'confidence of default for clerk mail',
    ])
  })
  test('so is another mix of tools', () => {
    expect(ask([400, { tools: usual }], [400, { tools: (i) => (i % 3 === 0 ? ['export'] : ['find']) }])).toContain(
      'tools asked by default for clerk mail',
    )
  })
  test('the same confidence and the same mix in another order are not', () => {
    expect(
      ask([200, { confidence: sure, tools: usual }], [2_000, { confidence: (i) => sure(i + 31), tools: (i) => usual(i + 2) }]),
    ).toEqual([])
  })
  test('answers of a task that asks for no confidence have none to compare', () => {
    expect(ask([200, {}], [400, {}])).toEqual([])
  })
})
