import { DEFAULT_GUARD_POLICY, detectors, type JsonObject, type Sealer } from '@sallyport/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chatStream, messageStream, responseStream } from '../../fixtures/recording-provider.ts'
import { openAnswerScans } from '../../guard/answer-scan.ts'
import { openEventSplitter } from './event-stream.ts'
import { openRelay } from './relay.ts'
import type { Wire } from './wire.ts'
import { anthropicMessages } from './wires/anthropic-messages/index.ts'
import { openaiChat } from './wires/openai-chat/index.ts'
import { openaiResponses } from './wires/openai-responses/index.ts'

const sealer: Sealer = { seal: () => 'x'.repeat(40), open: () => undefined }
const KEY = ['ghp', '16C7e42F292c6912E7710c838347Ae178B4a'].join('_')
const CARD = '4111 1111 1111 1111'
const policy = { ...DEFAULT_GUARD_POLICY, classes: { ...DEFAULT_GUARD_POLICY.classes, pci: 'redact' as const } }
const openScan = openAnswerScans({ policy, detectors, sealer, cleared: [], restore: [], isObserved: false })

const WIRES: readonly (readonly [Wire, (pieces: readonly string[]) => readonly string[]])[] = [
  [openaiChat, chatStream],
  [anthropicMessages, messageStream],
  [openaiResponses, responseStream],
]

/** What leaves before the outcome is recorded, and after it. */
function relayed(wire: Wire, stream: readonly string[], holdsAll = false) {
  let sent = ''
  const relay = openRelay({ wire, openScan, holdsAll, send: (bytes) => (sent += bytes.toString('utf8')) })
  const splitter = openEventSplitter()
  const goesOn = splitter.push(Buffer.from(stream.join(''))).every((event) => relay.push(event)) && relay.end()
  const early = sent
  if (goesOn) relay.flush()
  return { relay, early, all: sent, goesOn }
}
/** A text cut into pieces of at least one UTF-16 unit, no character in two. */
const cutUp = (text: string) =>
  fc.array(fc.nat({ max: text.length }), { maxLength: 12 }).map((cuts) => {
    const at = [0, ...[...new Set(cuts)].sort((a, b) => a - b), text.length]
    return at.slice(1).map((end, i) => text.slice(at[i], end))
  })

describe.each(WIRES)('R012: $id', (wire, stream) => {
  test('what holds nothing leaves as it came', () => {
    fc.assert(
      fc.property(cutUp('The capital of France is Paris, the city of light; it has two million people.'), (pieces) => {
        const { all, relay } = relayed(wire, stream(pieces))
        expect(all).toBe(stream(pieces).join(''))
        expect(relay.isWhole()).toBe(true)
        expect(relay.said()).toMatchObject({ text: pieces.join(''), calls: [] })
      }),
    )
  })
  test('R212: what is replaced is replaced whole, however it is cut, wherever it is repeated', () => {
    const text = `Your card ${CARD} is blocked, and ${CARD} too.`
    fc.assert(
      fc.property(cutUp(text), (pieces) => {
        const { all, relay } = relayed(wire, stream(pieces))
        expect(all).not.toContain('1111')
        expect(relay.said().text).toBe(text.replaceAll(CARD, `[[payment_card:${'x'.repeat(40)}]]`))
      }),
    )
  })
  test('what blocks ends the stream before any of it has left', () => {
    fc.assert(
      fc.property(cutUp(`The key is ${KEY} as you asked.`), (pieces) => {
        const { all, goesOn, relay } = relayed(wire, stream(pieces))
        expect(goesOn).toBe(false)
        expect(relay.stoppedBy()).toMatchObject([{ class: 'secret' }])
        expect(all).not.toContain('ghp')
        expect(all).not.toContain(KEY.slice(-8))
      }),
    )
  })
  test('its end waits for the record', () => {
    const { early, all } = relayed(wire, stream(['Paris. ', 'It is.']))
    expect(early).toContain('Paris.')
    for (const end of ['[DONE]', 'message_stop', 'response.completed']) expect(early).not.toContain(end)
    expect(all.length).toBeGreaterThan(early.length)
  })
  test('R146: nothing leaves early where everything waits', () => {
    expect(relayed(wire, stream(['Paris.']), true).early).toBe('')
  })
})

test('a call waits for the record, and so does everything after it', () => {
  const call: JsonObject = { index: 0, id: 'call_1', type: 'function', function: { name: 'mail__send', arguments: '{"to":"a"}' } }
  const { early, all, relay } = relayed(openaiChat, chatStream(['I send it. '], [call]))
  expect(early).toContain('I send it.')
  expect(early).not.toContain('mail__send')
  expect(all).toContain('mail__send')
  expect(relay.said().calls).toEqual([{ id: 'call_1', name: 'mail__send', args: '{"to":"a"}' }])
})
test('a piece of a call that nobody began waits too', () => {
  const { early } = relayed(
    openaiChat,
    chatStream(['I send it. '], [{ index: 0, function: { arguments: '{"to":"a"}' } }]).slice(0, 3),
  )
  expect(early).not.toContain('to')
})
test('what an event repeats must be what was streamed, or it waits', () => {
  const stream = responseStream(['Paris.']).map((event) => event.replace('"text":"Paris."', `"text":"${KEY}"`))
  const { early, relay } = relayed(openaiResponses, stream)
  expect(early).not.toContain('ghp')
  expect(JSON.stringify(relay.content())).toContain('ghp')
})
