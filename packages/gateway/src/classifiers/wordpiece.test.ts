import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import vectors from './fixtures/wordpiece-vectors.json' with { type: 'json' }
import { shippedModel } from './shipped-classifier.ts'
import { wordPieceTokeniser } from './wordpiece.ts'

const vocabulary = readFileSync(shippedModel().tokenizer.path, 'utf8')
const tokenise = wordPieceTokeniser(vocabulary)
const words = vocabulary.split('\n')
const SPECIAL = new Set(['[PAD]', '[CLS]', '[SEP]', '[MASK]'].map((token) => words.indexOf(token)))

describe('R057: the tokeniser', () => {
  test.each(vectors as [string, number[]][])('makes of %j what the reference makes of it', (text, ids) => {
    expect(tokenise(text)).toEqual(ids)
  })

  test('a special token written in a text is text, so a document cannot end itself', () => {
    expect(tokenise('[SEP]').map((id) => words[id])).toEqual(['[', 'sep', ']'])
    fc.assert(
      fc.property(fc.array(fc.constantFrom('[SEP]', '[CLS]', '[MASK]', '[PAD]', ' ', 'a', '##')), (parts) => {
        expect(tokenise(parts.join('')).some((id) => SPECIAL.has(id))).toBe(false)
      }),
    )
  })

  test('never gives more tokens than the text has characters, and any text at all is tokenised', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const ids = tokenise(text)
        expect(ids.length).toBeLessThanOrEqual(text.normalize('NFD').length)
        expect(ids.every((id) => id >= 0 && id < words.length)).toBe(true)
      }),
    )
  })

  test('a word that would be slow to take apart is one unknown token', () => {
    expect(tokenise('a'.repeat(1_048_576))).toEqual([words.indexOf('[UNK]')])
    expect(tokenise('ab '.repeat(100_000))).toHaveLength(100_000)
  })
})
