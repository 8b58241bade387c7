import { type Channel, type Inspected, type Json, type JsonObject, NOTHING_SEEN } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { openPromptLook } from './look-at-prompt.ts'

const PLACES = [{ at: ['messages', 0, 'content'], channel: 'user' as const }]
const prompt = (content: string, more: JsonObject = {}): JsonObject => ({ messages: [{ role: 'user', content }], ...more })

/** Sees the member `note` of what is no message, and tells what it was asked. */
function watching() {
  const asked: [Channel, Json][] = []
  const judge = (value: Json, channel: Channel): Inspected => {
    asked.push([channel, value])
    if (typeof value !== 'object' || value === null || !('note' in value)) return NOTHING_SEEN
    const code = value['note'] === 'fails' ? 'detector_failed' : 'key'
    const finding = { detector: 'secrets', code, severity: 'high' as const, start: 0, end: 3, path: '/note', class: 'secret' }
    return { findings: [finding], seen: [{ finding, at: ['note'], inName: false }], classes: ['secret'] }
  }
  const look = openPromptLook()
  return { asked, look: (value: JsonObject, version = 'v1') => look(value, PLACES, { version, judge }) }
}

describe('R049: what came before in the same form is not read again, and is found again', () => {
  test('a request that is the same but for its message is read in that message only', async () => {
    const { asked, look } = watching()
    const first = await look(prompt('one', { note: 'key' }))
    expect(await look(prompt('two', { note: 'key' }))).toEqual(first)
    expect(first).toMatchObject({ classes: ['secret'], findings: [{ path: '/note' }], seen: [{ at: ['note'] }] })
    expect(asked).toEqual([
      ['user', 'one'],
      ['arguments', { messages: [{ role: 'user', content: null }], note: 'key' }],
      ['user', 'two'],
    ])
  })
  test('with other members, other detectors, or one that failed, it is read again', async () => {
    const { asked, look } = watching()
    const rest = () => asked.splice(0).filter(([channel]) => channel === 'arguments').length
    await look(prompt('one', { temperature: 1 }))
    expect(rest()).toBe(1)
    await look(prompt('one', { temperature: 2 }))
    expect(rest()).toBe(1)
    await look(prompt('one', { temperature: 2 }), 'v2')
    expect(rest()).toBe(1)
    for (const _ of [1, 2]) await look(prompt('one', { note: 'fails' }))
    expect(rest()).toBe(2)
  })
})
