import type { JsonObject } from '@sallyport/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openEventSplitter, type StreamEvent } from './event-stream.ts'

function split(chunks: readonly Buffer[]): readonly StreamEvent[] {
  const splitter = openEventSplitter()
  const events = chunks.flatMap((chunk) => splitter.push(chunk))
  // A carriage return at the end may be half of a line end: it waits.
  return events
}

const anyEvent = fc.record({
  name: fc.option(fc.constantFrom('a', 'message_stop')),
  text: fc.string({ unit: 'grapheme' }),
  end: fc.constantFrom('\n', '\r\n'),
})

test('the bytes of the events are the bytes of the stream, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 8 }), fc.array(fc.nat({ max: 400 }), { maxLength: 12 }), (events, cuts) => {
      const text = events
        .map(({ name, text: t, end }) => `${name === null ? '' : `event: ${name}${end}`}data: ${JSON.stringify({ t })}${end}${end}`)
        .join('')
      const bytes = Buffer.from(text)
      const at = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]
      const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end))
      const found = split(chunks)
      expect(Buffer.concat(found.map(({ raw }) => raw)).equals(bytes)).toBe(true)
      expect(found.map(({ value }) => value)).toEqual(events.map(({ text: t }) => ({ t })))
      expect(found.map(({ event }) => event)).toEqual(events.map(({ name }) => name ?? undefined))
    }),
  )
})
test.each<[string, JsonObject | undefined, boolean, string]>([
  [': ping\n\n', undefined, false, 'a comment'],
  ['data: [DONE]\n\n', undefined, true, 'the end of a chat'],
  ['data: {"a":\ndata: 1}\n\n', { a: 1 }, false, 'data over two lines'],
  ['data:{"a":1}\r\r\n', { a: 1 }, false, 'carriage returns, no space'],
])('%j reads as %j', (text, value, isDone) => {
  expect(split([Buffer.from(text)])).toMatchObject([{ value, isDone }])
})
test.each(['data: {\n\n', 'data: [1]\n\n', 'data: {"a":1,"a":2}\n\n'])('%j is no event of any wire', (text) => {
  expect(() => split([Buffer.from(text)])).toThrow(expect.objectContaining({ code: 'UPSTREAM_MALFORMED' }))
})
test('an event without end is over the limit at some point', () => {
  const splitter = openEventSplitter()
  const chunk = Buffer.alloc(1_048_576, 'a')
  expect(() => {
    for (let i = 0; i < 9; i++) splitter.push(chunk)
  }).toThrow(expect.objectContaining({ code: 'UPSTREAM_TOO_LARGE' }))
})
