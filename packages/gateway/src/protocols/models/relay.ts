import {
  applyEdits,
  type Edit,
  type Finding,
  GatewayError,
  type Json,
  type JsonObject,
  type StreamScan,
  type TokenUsage,
} from '@sallyport/core'
import { encodeEvent, type StreamEvent } from './event-stream.ts'
import { GrowingText } from './growing-text.ts'
import { wholeUsage } from './read-members.ts'
import type { Delta, EventReading, ModelCall, Said, Wire } from './wire.ts'

/** Most channels of one answer: texts, reasonings and calls. */
const CHANNELS_MAX = 256

export interface RelayOptions {
  readonly wire: Wire
  /** Looks at one text of the answer as it comes. */
  readonly openScan: () => StreamScan<Finding>
  /** Nothing leaves before the outcome is recorded. */
  readonly holdsAll: boolean
  /** Sends bytes that may leave. */
  readonly send: (bytes: Buffer) => void
}

/** A streamed answer on its way: what has been looked at leaves at once and in order, the rest when it may. */
export interface Relay {
  /** @returns Whether the stream goes on: not when something in it is stopped. */
  push(event: StreamEvent): boolean
  /** Nothing follows. Ends every text. @returns As `push`. */
  end(): boolean
  /** Sends everything that waited. */
  flush(): void
  /** Why it was stopped, if it was. */
  stoppedBy(): readonly Finding[] | undefined
  /** Whether the last event of a whole answer has come. */
  isWhole(): boolean
  isFailure(): boolean
  /** What the model said, as it is delivered. */
  said(): Said
  /** Everything it said as it came, for the record and to be looked at as a whole. */
  content(): JsonObject
}

/** One text of an answer. */
interface Channel {
  readonly kind: Delta['kind']
  readonly scan: StreamScan<Finding>
  /** As it came. */
  readonly text: GrowingText
  /** The end of it, which the scan is not done with. */
  waiting: string
  /** As it left the scan, once that is something else. */
  edited?: GrowingText
  /** What left the scan and was not sent. */
  unsent: string
  /** How much of `text` the scan is done with. */
  done: number
  call?: { readonly id: string; readonly name: string }
}

interface Waiting {
  readonly event: StreamEvent
  readonly parts: readonly { readonly channel: Channel; readonly delta: Delta; readonly end: number }[]
  readonly ends: readonly Channel[]
  readonly isHeld: boolean
}

export function openRelay({ wire, openScan, holdsAll, send }: RelayOptions): Relay {
  const channels = new Map<string, Channel>()
  const queue: Waiting[] = []
  /** Events that are not understood piece by piece; they are looked at whole. */
  const others: JsonObject[] = []
  let usage: Partial<TokenUsage> = {}
  let model: string | undefined
  let stop: string | undefined
  let stopped: readonly Finding[] | undefined
  let isHolding = holdsAll
  let isWhole = false
  let isFailure = false
  return {
    push,
    end,
    flush,
    stoppedBy: () => stopped,
    isWhole: () => isWhole,
    isFailure: () => isFailure,
    said,
    content,
  }

  function push(event: StreamEvent): boolean {
    if (event.isDone) isWhole = true
    const reading = event.value && wire.read ? wire.read(event.event, event.value) : undefined
    const waiting = reading ? understood(event, reading) : { event, parts: [], ends: [], isHeld: event.isDone }
    if (!waiting) return false
    queue.push(waiting)
    pass()
    return true
  }

  /** Takes in what an event says; `undefined` when it is stopped for it. */
  function understood(event: StreamEvent, reading: EventReading): Waiting | undefined {
    note(reading)
    let isHeld = reading.isTail
    for (const { channel, id, name } of reading.begins ?? []) {
      const known = channelAt(channel, 'call')
      known.call = { id, name: (known.call?.name ?? '') + name }
      isHeld = true
    }
    const parts: { channel: Channel; delta: Delta; end: number }[] = []
    for (const delta of reading.deltas) {
      const channel = channelAt(delta.channel, delta.kind)
      channel.text.add(delta.text)
      channel.waiting += delta.text
      if (!took(channel, channel.scan.push(delta.text))) return undefined
      parts.push({ channel, delta, end: channel.text.length })
      isHeld ||= delta.kind === 'call'
    }
    const ends: Channel[] = []
    for (const { channel: name, text } of reading.ends ?? []) {
      const channel = channels.get(name)
      if (channel && !took(channel, channel.scan.end())) return undefined
      if (channel) ends.push(channel)
      // What it repeats must be what was looked at.
      if (text !== undefined && text !== String(channel?.text ?? '')) {
        isHeld = true
        others.push(event.value ?? {})
      }
    }
    if (reading.isTail && event.value) others.push(event.value)
    return { event, parts, ends, isHeld }
  }

  function note(reading: EventReading): void {
    if (reading.model) model = reading.model
    if (reading.stop) stop = reading.stop
    usage = { ...usage, ...reading.usage }
    isWhole ||= reading.isEnd === true
    isFailure ||= reading.isFailure === true
  }

  function channelAt(name: string, kind: Delta['kind']): Channel {
    const known = channels.get(name)
    if (known) return known
    if (channels.size >= CHANNELS_MAX) throw new GatewayError('UPSTREAM_MALFORMED', 'the provider sent too many texts at once')
    const fresh: Channel = {
      kind,
      scan: openScan(),
      text: new GrowingText(),
      waiting: '',
      unsent: '',
      done: 0,
    }
    channels.set(name, fresh)
    return fresh
  }

  function took(channel: Channel, step: ReturnType<StreamScan<Finding>['end']>): boolean {
    if (step.blocked) {
      stopped = step.findings
      queue.length = 0
      return false
    }
    const done = channel.text.length - channel.scan.heldChars()
    const passed = done - channel.done
    if (!channel.edited && step.release !== channel.waiting.slice(0, passed)) {
      channel.edited = new GrowingText()
      channel.edited.add(String(channel.text).slice(0, channel.done))
    }
    channel.edited?.add(step.release)
    channel.waiting = channel.waiting.slice(passed)
    channel.done = done
    channel.unsent += step.release
    return true
  }

  /** Sends from the front what has been looked at. */
  function pass(): void {
    for (let next = queue[0]; next && !isHolding; next = queue[0]) {
      if (next.isHeld) isHolding = true
      else if (next.parts.every(({ channel, end }) => channel.done >= end)) send(bytesOf(queue.shift() as Waiting))
      else return
    }
  }

  function bytesOf({ event, parts, ends, isHeld }: Waiting): Buffer {
    const edits: Edit[] = []
    let isEdited = false
    for (const { channel, delta } of parts) {
      const text = channel.edited ? channel.unsent : delta.text
      channel.unsent = channel.edited ? '' : channel.unsent.slice(delta.text.length)
      isEdited ||= channel.edited !== undefined
      if (text !== delta.text) edits.push({ at: delta.at, start: 0, end: delta.text.length, replacement: text })
    }
    const repeated = isHeld ? [...channels.values()] : ends
    const swaps = new Map(repeated.flatMap(({ text, edited: by }) => (by ? [[String(text), String(by)] as const] : [])))
    if (!event.value || (!isEdited && swaps.size === 0)) return event.raw
    const edited = applyEdits(event.value, edits)
    return encodeEvent(event.event, (parts.length > 0 ? edited : swapped(edited, swaps)) as JsonObject)
  }

  function end(): boolean {
    for (const channel of channels.values()) if (!took(channel, channel.scan.end())) return false
    pass()
    return true
  }

  function flush(): void {
    for (const waiting of queue.splice(0)) send(bytesOf(waiting))
  }

  function said(): Said {
    const all = [...channels.values()]
    const textOf = (kind: Delta['kind']): string =>
      all
        .filter((channel) => channel.kind === kind)
        .map(deliveredText)
        .join('\n')
    return {
      text: textOf('text'),
      calls: all.flatMap((each): ModelCall[] => (each.call ? [{ ...each.call, args: deliveredText(each) }] : [])),
      ...(all.some(({ kind }) => kind === 'reasoning') && { reasoning: textOf('reasoning') }),
      ...(model === undefined ? {} : { model }),
      ...(stop === undefined ? {} : { stop }),
      // Before its end a stream tells what it used so far, which is not what will be charged.
      ...(isWhole ? wholeUsage(usage) : {}),
    }
  }

  function content(): JsonObject {
    const texts = [...channels].map(([name, { kind, text, call }]): Json => ({
      channel: name,
      kind,
      text: String(text),
      ...(call ? { ...call } : {}),
    }))
    return { texts, ...(others.length > 0 ? { events: others } : {}) }
  }
}

/** Replaces whole texts wherever they are repeated. */
function swapped(value: Json, swaps: ReadonlyMap<string, string>): Json {
  if (typeof value === 'string') return swaps.get(value) ?? value
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => swapped(item, swaps))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, swapped(member ?? null, swaps)]))
}

/** What left the scan so far. */
function deliveredText({ text, edited, done }: Channel): string {
  return edited ? String(edited) : String(text).slice(0, done)
}
