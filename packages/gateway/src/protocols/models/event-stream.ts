import { GatewayError, isJsonObject, type Json, type JsonObject, parseJson } from '@sallyport/core'

/** Largest single event. The last of a Responses stream repeats the whole answer. */
const EVENT_BYTES_MAX = 8 * 1_048_576

/** One event as it came, with what it says. */
export interface StreamEvent {
  /** Its bytes, the blank line included. */
  readonly raw: Buffer
  readonly event: string | undefined
  /** Its data; absent for comments, and for `[DONE]`. */
  readonly value: JsonObject | undefined
  readonly isDone: boolean
}

/** Cuts a stream into events and keeps the bytes of each. */
export interface EventSplitter {
  /** @throws GatewayError `UPSTREAM_MALFORMED`, `UPSTREAM_TOO_LARGE` */
  push(chunk: Buffer): readonly StreamEvent[]
  /** Bytes that are no whole event yet. */
  pending(): number
}

/** @see HTML, "Server-sent events", 9.2.6 */
export function openEventSplitter(): EventSplitter {
  let held: Buffer = Buffer.alloc(0)
  /** Where to look on: a blank line may have begun before. */
  let from = 0
  return { push, pending: () => held.length }

  function push(chunk: Buffer): readonly StreamEvent[] {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    const events: StreamEvent[] = []
    for (let end = blankLine(held, from); end > 0; end = blankLine(held, 0)) {
      events.push(eventOf(held.subarray(0, end)))
      held = held.subarray(end)
      from = 0
    }
    if (held.length > EVENT_BYTES_MAX) throw new GatewayError('UPSTREAM_TOO_LARGE', 'an event of the provider is over the limit')
    from = Math.max(0, held.length - 3)
    return events
  }
}

const LF = 10
const CR = 13

/** Index behind the first blank line, or 0. A carriage return at the very end may be half of a line end. */
function blankLine(bytes: Buffer, from: number): number {
  for (let i = from; i < bytes.length; i++) {
    const first = lineEnd(bytes, i)
    if (first === 0) continue
    const second = lineEnd(bytes, first)
    if (second > 0 && !(bytes[second - 1] === CR && second === bytes.length)) return second
  }
  return 0
}

function lineEnd(bytes: Buffer, at: number): number {
  if (bytes[at] === LF) return at + 1
  if (bytes[at] !== CR) return 0
  return bytes[at + 1] === LF ? at + 2 : at + 1
}

function eventOf(raw: Buffer): StreamEvent {
  let event: string | undefined
  const lines: string[] = []
  for (const line of raw.toString('utf8').split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') event = value
    else if (field === 'data') lines.push(value)
  }
  const text = lines.join('\n')
  if (text === '' || text === '[DONE]') return { raw, event, value: undefined, isDone: text !== '' }
  return { raw, event, value: objectOf(text), isDone: false }
}

function objectOf(text: string): JsonObject {
  let value: Json
  try {
    value = parseJson(text)
  } catch (cause) {
    throw new GatewayError('UPSTREAM_MALFORMED', 'the provider sent an event that cannot be read', { cause })
  }
  if (!isJsonObject(value)) throw new GatewayError('UPSTREAM_MALFORMED', 'the provider sent an event that is no object')
  return value
}

/** The bytes of an event whose data was changed. */
export function encodeEvent(event: string | undefined, value: JsonObject): Buffer {
  return Buffer.from(`${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(value)}\n\n`)
}
