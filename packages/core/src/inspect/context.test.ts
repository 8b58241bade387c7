import { describe, expect, test } from 'vitest'
import { contextOf, hasTerm, isLabelled, isNear, terms } from './context.ts'

const CARD = terms('card, primary account number, 卡号')
const at = (text: string, field = '') => {
  const start = text.indexOf('X')
  return contextOf({ text, start, end: start + 1, field })
}

describe('near', () => {
  test.each([
    ['in front', 'the card X'],
    ['behind', 'X is my card'],
    ['in the plural and in capitals', 'CARDS: X'],
    ['a phrase', 'primary account numbers X'],
    ['in camel case', '{"myCardNumber":"X"}'],
    ['in snake case', 'my_card_no=X'],
    ['beside digits', 'card1 X'],
    ['in a script without spaces', '你的卡号是X'],
  ])('%s', (_, text) => expect(isNear(at(text), CARD)).toBe(true))
  test.each([
    ['a word it is part of', 'discarded X'],
    ['a phrase broken off', 'primary account X'],
    ['a phrase that ends in front and goes on behind', 'primary account X number'],
    ['too far in front', `card${' .'.repeat(60)} X`],
    ['too far behind', `X${' .'.repeat(40)} card`],
  ])('not %s', (_, text) => expect(isNear(at(text), CARD)).toBe(false))
  test('the name of the member', () => {
    expect(isNear(at('X', 'cardNumber'), CARD)).toBe(true)
    expect(isNear(at('X', 'discard'), CARD)).toBe(false)
    expect(isNear(at('X', '卡号'), CARD)).toBe(true)
  })
})

describe('the label', () => {
  test('is among the last words in front', () => {
    expect(isLabelled(at('card no is X'), CARD)).toBe(true)
    expect(isLabelled(at('card that I told you all about X'), CARD)).toBe(false)
    expect(isLabelled(at('X card'), CARD)).toBe(false)
  })
  test('is the name of the member for what its value begins with', () => {
    expect(isLabelled(at('no. X', 'card'), CARD)).toBe(true)
    expect(isLabelled(at(`${'so '.repeat(20)}X`, 'card'), CARD)).toBe(false)
  })
})

test('a short text holds a term or not', () => {
  expect([hasTerm('Card', CARD), hasTerm('', CARD), hasTerm('cart', CARD)]).toEqual([true, false, false])
})
