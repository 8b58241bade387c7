import { editText, mergeSpans, type TextEdit } from '../edit/edit-text.ts'
import type { Span } from '../reading/view.ts'
import { contextStart } from './context-start.ts'
import { holdBack, lastChars, type Opening } from './opening.ts'
import { openWindows, type StreamWindow } from './windows.ts'

/** Most characters held back; a match that is still open then ends the stream. */
export const HOLD_BACK_CHARS_MAX = 16_384
/** Characters before a match that detectors look at: word boundaries, `password:`. Up to twice as many are kept. */
export const CONTEXT_CHARS = 160
/** Characters looked at for each that arrives, at most; with less, text waits until more has come. */
export const WORK_PER_CHAR = 64
/** What may be spent before any has arrived, so that the first words do not wait. */
const WORK_AT_START = 16_384
/** Characters looked at for one stream: over a megabyte of text at the highest rate. */
export const STREAM_WORK_CHARS_MAX = 64 * 1_048_576
/** Findings reported for one stream; block and edit are not bounded by it. */
export const STREAM_FINDINGS_MAX = 50

/** What policy makes of a sighting: nothing, the end of the stream, or another text in its place. */
export type Treatment = 'pass' | 'block' | { readonly replacement: string }

export interface StreamScanOptions<S extends Span> {
  /** The detectors over a text: pure, linear, and deciding by no more than `contextChars` before a match. */
  readonly detect: (text: string) => readonly S[]
  /** Pure; `match` is the text of the sighting. */
  readonly treat: (seen: S, match: string) => Treatment
  /** Where a match may be open; without it, the last `holdBackChars` characters always wait. */
  readonly opening?: Opening
  readonly holdBackChars?: number
  readonly contextChars?: number
  /** Length of the windows for classifiers; without it there are none. */
  readonly windowChars?: number
  readonly workCharsMax?: number
  /** What happens to text over `workCharsMax`: it leaves unscanned and marked so, or the stream ends. */
  readonly overWork: 'release' | 'block'
}

/**
 * Why a stream ended early. `finding`: policy blocks a sighting. `left_in_part`: the beginning of something to be replaced had
 * left, or it is longer than can be held. `work`: too much text. `failed`: a detector threw. `caller`: `stop` was called.
 */
export type StreamStop = 'finding' | 'left_in_part' | 'work' | 'failed' | 'caller'

export interface StreamStep<S extends Span> {
  /** Text that may leave now, edited. */
  readonly release: string
  /** New sightings that were acted upon; offsets count from the beginning of the stream. */
  readonly findings: readonly S[]
  /** Text for classifiers, each half new; judge it before passing `release` on, and `stop` the scan if it blocks. */
  readonly windows: readonly StreamWindow[]
  /** Nothing more leaves: not what is held, not what is pushed later. */
  readonly blocked: StreamStop | undefined
  /** Part of the stream, this step's text included, was not looked at. Never to be called clean. */
  readonly unscanned: boolean
}

export interface StreamScan<S extends Span> {
  push(chunk: string): StreamStep<S>
  /** Nothing follows: releases what was held. */
  end(): StreamStep<S>
  /** Ends the stream for a reason of the caller's. */
  stop(): StreamStep<S>
  /** Characters that wait. */
  heldChars(): number
}

/** Scans a text that arrives in chunks; see README.md in this folder for what holds and what does not. Pure, without time. */
export function openStreamScan<S extends Span>(options: StreamScanOptions<S>): StreamScan<S> {
  const { detect, treat, overWork, holdBackChars = HOLD_BACK_CHARS_MAX, contextChars = CONTEXT_CHARS } = options
  const opening = options.opening ?? lastChars(holdBackChars)
  const windows = openWindows(options.windowChars)
  let context = ''
  let pending = ''
  /** Where `pending` begins in the stream. */
  let base = 0
  let credit = WORK_AT_START
  let workLeft = options.workCharsMax ?? STREAM_WORK_CHARS_MAX
  let findingsLeft = STREAM_FINDINGS_MAX
  let blocked: StreamStop | undefined
  let unscanned = false
  return {
    push: (chunk) => {
      if (blocked) return step()
      pending += chunk
      credit += chunk.length * WORK_PER_CHAR
      return take(chunk, false)
    },
    end: () => (blocked ? step() : take('', true)),
    stop: () => block('caller'),
    heldChars: () => pending.length,
  }

  function take(chunk: string, isEnd: boolean): StreamStep<S> {
    const ripe = unscanned ? [] : windows.push(chunk, isEnd)
    workLeft -= ripe.reduce((sum, { text }) => sum + text.length, 0)
    return { ...advance(isEnd), windows: ripe }
  }

  function advance(isEnd: boolean): StreamStep<S> {
    const all = isEnd ? pending.length : wholeCharacters(pending, pending.length)
    if (unscanned) return release(all)
    const scanCost = context.length + pending.length
    if (!isEnd && credit < scanCost + pending.length) return step()
    if (workLeft < scanCost + pending.length) {
      unscanned = overWork === 'release'
      return unscanned ? release(all) : block('work')
    }
    try {
      if (!isEnd) spend(pending.length)
      const cut = isEnd ? all : wholeCharacters(pending, pending.length - holdBack(pending, opening))
      if (cut > 0) {
        spend(scanCost)
        return scan(cut, isEnd)
      }
      return pending.length > holdBackChars ? block('left_in_part') : step()
    } catch {
      return block('failed')
    }
  }
  function spend(chars: number): void {
    credit -= chars
    workLeft -= chars
  }

  function scan(cutMax: number, isEnd: boolean): StreamStep<S> {
    const from = context.length
    const text = context + pending
    const all = detect(text)
    const edits: TextEdit[] = []
    const acted: S[] = []
    for (const seen of all) {
      // What ends in the context was final before; what begins behind the cut is not final yet.
      if (seen.end <= from || seen.start >= from + cutMax) continue
      const treatment = treat(seen, text.slice(seen.start, seen.end))
      if (treatment === 'block') return block('finding', [inStream(seen)])
      if (treatment !== 'pass') {
        if (seen.start < from) return block('left_in_part', [inStream(seen)])
        edits.push({ start: seen.start - from, end: seen.end - from, replacement: treatment.replacement })
      }
      // The rest of something long that passed in an earlier step is no news.
      if (seen.start >= from) acted.push(seen)
    }
    const last = mergeSpans(pending, edits).at(-1)
    const cut = last && last.end > cutMax ? last.start : cutMax
    const findings = acted.filter((seen) => seen.start < from + cut).map(inStream)
    if (!isEnd && pending.length - cut > holdBackChars) return block('left_in_part', findings)
    const kept = edits.filter((edit) => edit.start < cut)
    const released = text.slice(0, from + cut)
    const step = release(cut, kept, findings)
    context = released.slice(contextStart(released, all, contextChars))
    return step
  }
  function inStream(seen: S): S {
    const shift = base - context.length
    return { ...seen, start: seen.start + shift, end: seen.end + shift }
  }

  function release(cut: number, edits: readonly TextEdit[] = [], findings: readonly S[] = []): StreamStep<S> {
    const leaving = pending.slice(0, cut)
    pending = pending.slice(cut)
    base += cut
    return step(editText(leaving, edits), findings)
  }
  function block(reason: StreamStop, findings: readonly S[] = []): StreamStep<S> {
    blocked = reason
    pending = ''
    context = ''
    return step('', findings)
  }
  function step(text = '', findings: readonly S[] = []): StreamStep<S> {
    const reported = findings.slice(0, findingsLeft)
    findingsLeft -= reported.length
    return { release: text, findings: reported, windows: [], blocked, unscanned }
  }
}

/** A place at or before `index` that does not cut a character in two; half of one at the end has to wait for the other. */
function wholeCharacters(text: string, index: number): number {
  const isHalf = index > 0 && text.charCodeAt(index - 1) >>> 10 === 0xd800 >>> 10
  return isHalf ? index - 1 : index
}
