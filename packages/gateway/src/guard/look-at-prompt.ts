import { hash } from 'node:crypto'
import {
  type Channel,
  type Inspected,
  isJsonObject,
  type Json,
  type JsonObject,
  NOTHING_SEEN,
  type Place,
  plainPath,
  recordedFindings,
} from '@sallyport/core'
import { boundedCache } from '../bounded-cache.ts'

/** Parts of conversations whose inspection is remembered: a conversation comes whole with every turn, and grows by a few parts. */
const REMEMBERED_MAX = 20_000
/** Inspections that saw more than this are made again. */
const SEEN_MAX = 20
/** Longest pointer that is recorded. */
const POINTER_CHARS_MAX = 200

export interface PromptParts {
  /** Names what is in force; with another, everything is looked at again. */
  readonly version: string
  /** Inspects one part by the channel it came through. */
  readonly judge: (value: Json, channel: Channel) => Inspected | Promise<Inspected>
}

export type LookAtPrompt = (value: JsonObject, places: readonly Place[], parts: PromptParts) => Inspected | Promise<Inspected>

/** Looks at a prompt part by part: each message by its channel, everything else as the agent's own words. */
export function openPromptLook(): LookAtPrompt {
  const known = boundedCache<Inspected>(REMEMBERED_MAX)
  return (value, places, parts) => {
    const looked = places.map((place) => {
      const part = at(value, place.at)
      return part === undefined ? NOTHING_SEEN : located(once(part, place.channel, parts), place.at)
    })
    // Tools and parameters come again with every turn, too.
    const rest = once(without(value, places), 'arguments', parts)
    const all = [...looked, rest]
    if (!all.some((one) => one instanceof Promise)) return merged(all as readonly Inspected[])
    return Promise.all(all.map((one) => Promise.resolve(one))).then(merged)
  }

  function once(part: Json, channel: Channel, { version, judge }: PromptParts): Inspected | Promise<Inspected> {
    const key = hash('sha256', `${version} ${channel} ${JSON.stringify(part)}`, 'base64')
    const before = known.get(key)
    if (before) return before
    const found = judge(part, channel)
    if (!(found instanceof Promise)) return kept(key, found)
    return found.then((inspected) => kept(key, inspected))
  }

  function kept(key: string, inspected: Inspected): Inspected {
    const isFailure = inspected.findings.some(({ code }) => code === 'detector_failed')
    if (inspected.seen.length <= SEEN_MAX && !isFailure) known.set(key, inspected)
    return inspected
  }
}

/** Places of a part as places of the whole. */
function located(found: Inspected | Promise<Inspected>, above: Place['at']): Inspected | Promise<Inspected> {
  if (found instanceof Promise) return found.then((inspected) => located(inspected, above))
  if (found.seen.length === 0) return found
  const prefix = pointerOf(above)
  const under = (path: string): string => plainPath(`${prefix}${path}`.slice(0, POINTER_CHARS_MAX).toWellFormed())
  return {
    classes: found.classes,
    findings: found.findings.map((finding) => ({ ...finding, path: under(finding.path) })),
    seen: found.seen.map((one) => ({
      ...one,
      at: [...above, ...one.at],
      finding: { ...one.finding, path: under(one.finding.path) },
    })),
  }
}

function merged(all: readonly Inspected[]): Inspected {
  return {
    findings: recordedFindings(all.flatMap(({ findings }) => findings)),
    seen: all.flatMap(({ seen }) => seen),
    classes: [...new Set(all.flatMap(({ classes }) => classes))].sort(),
  }
}

function pointerOf(at: Place['at']): string {
  return at.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function at(value: Json | undefined, steps: Place['at']): Json | undefined {
  return steps.reduce<Json | undefined>((node, step) => {
    if (Array.isArray(node)) return typeof step === 'number' ? (node as readonly Json[])[step] : undefined
    return isJsonObject(node) ? node[step] : undefined
  }, value)
}

/** The value with nothing in these places. */
function without(value: JsonObject, places: readonly Place[]): JsonObject {
  return emptied(
    value,
    places.map(({ at: steps }) => steps),
    0,
  ) as JsonObject
}

function emptied(value: Json, ats: readonly Place['at'][], depth: number): Json {
  if (ats.some((steps) => steps.length === depth)) return null
  const below = new Map<string | number, Place['at'][]>()
  for (const steps of ats) {
    const step = steps[depth] as string | number
    below.set(step, [...(below.get(step) ?? []), steps])
  }
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map((item, i) => (below.has(i) ? emptied(item, below.get(i) ?? [], depth + 1) : item))
  }
  if (!isJsonObject(value)) return value
  const members = Object.entries(value).map(([name, member]): [string, Json] => {
    const steps = below.get(name)
    return [name, steps && member !== undefined ? emptied(member, steps, depth + 1) : (member ?? null)]
  })
  return Object.fromEntries(members)
}
