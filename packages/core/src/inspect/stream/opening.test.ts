import { describe, expect, test } from 'vitest'
import { findPlaceholders } from '../placeholder/find-placeholders.ts'
import { detect, PLAIN, PLANTED } from './fixtures/small-detectors.ts'
import { openingContract } from './opening.contract.ts'
import { blockOpening, earliest, holdBack, lastChars, runOpening, termOpening } from './opening.ts'
import { ordinaryOpening } from './ordinary-opening.ts'

const term = termOpening(['project nightfall'])
const block = blockOpening({ begin: '-----BEGIN', end: '-----END', charsMax: Infinity, afterChars: 64 })
const pieces = [...PLANTED, ...PLAIN]

describe('openings', () => {
  test('R075: what is said before the opening of a text is final', () => {
    openingContract({ opening: earliest([ordinaryOpening, term, block]), detect, pieces, runs: 5_000 })
    openingContract({ opening: lastChars(300), detect, pieces })
  })
  test('R212: a placeholder is never cut, however models write it', () => {
    const sealed = 'Ab_-09'.repeat(8)
    const placeholder = `[[card:${sealed}]]`
    const written = [
      placeholder,
      placeholder.replaceAll(/[[\]_]/g, '\\$&'),
      placeholder.replaceAll('0', '0\n'),
      placeholder.replaceAll('0', '0\n\n'),
      placeholder.replaceAll('[', '&#91;').replaceAll(']', '&#93;'),
      encodeURIComponent(placeholder),
      '[[card:',
      'A'.repeat(45),
      ']]',
      ...PLAIN,
    ]
    openingContract({ opening: ordinaryOpening, detect: findPlaceholders, pieces: written, runs: 5_000 })
    expect(() => openingContract({ opening: lastChars(30), detect: findPlaceholders, pieces: written })).toThrow()
  })
  test('an opening that declares too little breaks the contract', () => {
    for (const opening of [lastChars(3), ordinaryOpening, earliest([term, block])])
      expect(() => openingContract({ opening, detect, pieces, runs: 5_000 })).toThrow()
  })
  test.each([
    ['project ', 8],
    ['a Project Night', 13],
    ['project nightfall', 17],
    ['project nightfalls', 0],
    ['pproj', 4],
    ['a', 0],
    ['', 0],
  ])('terms: %j holds %i', (text, held) => expect(holdBack(text, term)).toBe(held))
  test.each([
    ['a -----', 5],
    ['a -----BEGIN x', 12],
    ['-----BEGIN x -----END x', 23],
    [`-----BEGIN x -----END ${'x'.repeat(63)}`, 0],
    [`-----BEGIN x -----END ${'x'.repeat(55)}-----BEGIN`, 10],
  ])('blocks: %j holds %i', (text, held) => expect(holdBack(text, block)).toBe(held))
  test('a run is no longer than its rule says', () => {
    const opening = runOpening({ isPart: (code) => code === 97, charsMax: 5 })
    expect([holdBack('aaaaaaaa', opening), holdBack('baa', opening), holdBack('aab', opening)]).toEqual([5, 2, 0])
  })
  test('an opening out of range holds all or nothing', () => {
    expect([holdBack('abc', () => -5), holdBack('abc', () => 10)]).toEqual([3, 0])
  })
})
