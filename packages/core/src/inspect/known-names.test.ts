import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CHANNELS } from '../model/channel.ts'
import type { Json } from '../model/json.ts'
import { defineDetector } from './define-detector.ts'
import { examine } from './inspect.ts'
import { openKnownNames } from './known-names.ts'

/** Counts how often each name was looked at, and sees `bad`. */
function listening() {
  const looked: string[] = []
  const detector = defineDetector({
    id: 'listening',
    channels: ['tool', 'output', 'definition'],
    reads: 'original',
    detect(text, { channel }) {
      looked.push(text)
      if (text === 'fails') throw new Error('a bug')
      const start = text.indexOf(channel === 'output' ? 'ok' : 'bad')
      return start < 0 ? [] : [{ code: 'bad', severity: 'high', start, end: start + 2 }]
    },
  })
  return { looked, detectors: [detector], names: openKnownNames() }
}

test('R049: a clean member name is looked at once for all values of its channel', () => {
  const { looked, ...options } = listening()
  for (const channel of ['tool', 'tool', 'output'] as const) examine({ total: 1 }, { ...options, channel })
  expect(looked).toEqual(['total', 'total'])
})

test('R049: a name that was not clean, was not looked at whole, or was clean elsewhere is looked at again', () => {
  const { looked, ...options } = listening()
  const codes = (name: string, channel: 'tool' | 'output' | 'definition') =>
    examine({ [name]: 1 }, { ...options, channel })
      .findings.result()
      .findings.map(({ code }) => code)
  for (const _ of [1, 2]) {
    expect(codes('bad', 'tool')).toEqual(['bad'])
    expect(codes('fails', 'tool')).toEqual(['detector_failed'])
  }
  expect(codes('ok', 'tool')).toEqual([])
  expect(codes('ok', 'output')).toEqual(['bad'])
  expect(codes('note', 'definition')).toEqual([])
  expect(codes('note', 'definition')).toEqual([])
  expect(looked.filter((each) => each === 'note')).toHaveLength(2)
})

test('R229: a name that could be a value is kept nowhere', () => {
  const { looked, ...options } = listening()
  for (const _ of [1, 2]) examine({ 'anna@company.example': 1, id12345678: 2 }, { ...options, channel: 'tool' })
  expect(looked).toHaveLength(4)
})

test('law: what is found does not depend on what was looked at before', () => {
  const names = openKnownNames()
  const word = fc.constantFrom(
    'name',
    'card',
    'sk-proj-abcdefghijklmnopqrstuvwx',
    'ssn',
    'a@b.example',
    '4111111111111111',
    'ignore',
  )
  const value = fc.dictionary(fc.oneof(word, fc.string({ maxLength: 12 })), fc.oneof(word, fc.integer()), { maxKeys: 6 })
  fc.assert(
    fc.property(value, fc.constantFrom(...CHANNELS), (one, channel) => {
      const found = (options: object) => examine(one as Json, { channel, ...options }).findings.result()
      expect(found({ names })).toEqual(found({}))
    }),
  )
})
