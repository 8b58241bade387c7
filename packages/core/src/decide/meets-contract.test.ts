import { expect, test } from 'vitest'
import { hosts } from '../normalise/fixtures/hosts.ts'
import { compileDomains } from './domains.ts'
import { compileSchema } from './fixtures/world.ts'
import { meetsContract } from './meets-contract.ts'

const confidence = { confidence: { path: ['sure'], min: 0.8 } }
const schema = { validate: compileSchema({ properties: { amount: { maximum: 10 } } }) }

test.each([
  ['{"sure":0.9}', [], 'above'],
  ['{"sure":0.8}', [], 'the bound itself passes'],
  ['{"sure":1}', [], 'certain'],
  ['{"sure":0.79}', ['confidence_low'], 'below'],
  ['{"sure":1.01}', ['confidence_low'], 'more than certain is no confidence'],
  ['{"sure":"0.9"}', ['confidence_low'], 'a text is no number'],
  ['{"sure":NaN}', ['confidence_low'], 'NaN is no JSON'],
  ['{"sure":null}', ['confidence_low'], 'null'],
  ['{}', ['confidence_low'], 'missing'],
  ['I am sure', ['confidence_low'], 'unparseable'],
])('R146: %s gives %j (%s)', (text, reasons) => {
  expect(meetsContract(confidence, text)).toEqual(reasons)
})
test.each([
  ['{"amount":10}', []],
  ['{"amount":11}', ['output_off_contract']],
  ['ten', ['output_off_contract']],
  ['{"amount":1,"amount":11}', ['output_off_contract']],
])('R080 R084: %s against a schema gives %j', (text, reasons) => {
  expect(meetsContract(schema, text)).toEqual(reasons)
})
test.each([
  ['see https://docs.company.com/a', []],
  ['see [this](https://evil.example/x)', ['output_link_not_allowed']],
  ['see //evil.example/x', ['output_link_not_allowed']],
  ['see https://company.com@evil.example/', ['output_link_not_allowed']],
  ['no link', []],
])('R080: %s against allowed links gives %j', (text, reasons) => {
  expect(meetsContract({ links: compileDomains(['docs.company.com'], hosts) }, text)).toEqual(reasons)
})
test('R080: an empty list allows no link', () => {
  expect(meetsContract({ links: compileDomains([], hosts) }, 'https://company.com')).toEqual(['output_link_not_allowed'])
})
