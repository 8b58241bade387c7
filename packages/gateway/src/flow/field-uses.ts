import { isJudged, type FieldValue, type Principal, usedFields } from '@sallyport/core'
import type { SystemAct } from '../system-entries.ts'

/** Which fields of results come, and which of them are ever used (R228). Kept apart from every decision. */
export interface FieldUses {
  /** A structured result came. */
  came(principal: Principal, source: string, leaves: readonly FieldValue[]): void
  /** An agent asked for an act, or its model answered. @param leaves In the form of `normalText`, with their source. */
  went(principal: Principal, said: string, leaves: Iterable<FieldValue & { readonly source: string }>): void
  /** Writes down what is new. */
  flush(): void
  close(): void
}

const FLUSH_MS = 60_000
const DAY_MS = 86_400_000
/** Tools of agents watched in one day, and fields of one tool; further ones are not judged. */
const PLACES_MAX = 5_000
const FIELDS_MAX = 200
/** Values looked for in one text. */
const LOOKED_MAX = 1_000

interface Place {
  readonly agent: string
  readonly task: string
  readonly source: string
  readonly seen: Set<string>
  readonly used: Set<string>
  /** Fields with values that are too short or too long to be told by. */
  readonly unjudged: Set<string>
  isNew: boolean
}

/** Notes each once a day, in entries of the gateway itself; what a crash loses is noted with the next use. */
export function openFieldUses({ record, nowMs }: { record: (act: SystemAct) => void; nowMs: () => number }): FieldUses {
  let places = new Map<string, Place>()
  let day = 0
  const timer = setInterval(flush, FLUSH_MS)
  timer.unref()
  return {
    came(principal, source, leaves) {
      if (leaves.length === 0) return
      const place = placeOf(principal, source)
      for (const leaf of leaves) {
        if (place) note(place, 'seen', leaf.field)
        if (place && !isJudged(leaf)) note(place, 'unjudged', leaf.field)
      }
    },
    went(principal, said, leaves) {
      for (const { source, field } of usedFields(said, unknown(principal, leaves))) {
        const place = placeOf(principal, source)
        if (place) note(place, 'used', field)
      }
    },
    flush,
    close() {
      clearInterval(timer)
      flush()
    },
  }

  function placeOf({ agent, task = '' }: Principal, source: string): Place | undefined {
    const today = Math.floor(nowMs() / DAY_MS)
    if (today !== day) {
      flush()
      places = new Map()
      day = today
    }
    const key = JSON.stringify([agent, task, source])
    const known = places.get(key)
    if (known || places.size >= PLACES_MAX) return known
    const place: Place = { agent, task, source, seen: new Set(), used: new Set(), unjudged: new Set(), isNew: false }
    places.set(key, place)
    return place
  }

  function note(place: Place, what: 'seen' | 'used' | 'unjudged', field: string): void {
    if (place[what].has(field) || place[what].size >= FIELDS_MAX) return
    place[what].add(field)
    place.isNew = true
  }

  /** Those of which nobody knows yet today that they are used. */
  function* unknown<L extends FieldValue & { readonly source: string }>(principal: Principal, leaves: Iterable<L>): Generator<L> {
    let looked = 0
    for (const leaf of leaves) {
      if (placeOf(principal, leaf.source)?.used.has(leaf.field)) continue
      if (looked++ >= LOOKED_MAX) return
      yield leaf
    }
  }

  function flush(): void {
    for (const place of places.values()) {
      if (!place.isNew) continue
      place.isNew = false
      const { agent, task, source, seen, used, unjudged } = place
      record({
        verb: 'fields.observed',
        target: agent,
        detail: { task, source, seen: [...seen], used: [...used], unjudged: [...unjudged] },
      })
    }
  }
}
