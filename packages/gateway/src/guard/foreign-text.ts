import {
  type Channel,
  datamark,
  isJsonObject,
  type Json,
  type JsonObject,
  neutraliseMarkers,
  sanitise,
  wrapUntrusted,
} from '@sallyport/core'

/** Members of the protocol that name things instead of saying something: changed, they would name another thing or nothing. */
const NAMES: ReadonlySet<string> = new Set([
  'uri',
  'uriTemplate',
  'mimeType',
  'type',
  'name',
  'data',
  'blob',
  'role',
  'requestState',
])
const NONE: ReadonlySet<string> = new Set()
/** Deeper than any result the parser lets through. */
const DEPTH_MAX = 256

interface Change {
  readonly change: (text: string) => string
  /** Members whose texts stay. */
  readonly keeps: ReadonlySet<string>
}

/** Takes hidden characters and forged structure out of everything a model would read. The same object when there is nothing. */
export function sanitiseTexts(content: JsonObject): JsonObject {
  const { structuredContent, ...rest } = content
  const change = (text: string): string => neutraliseMarkers(sanitise(text))
  const shaped = mapTexts(rest as JsonObject, { change, keeps: NAMES }, 0) as JsonObject
  // A tool's own fields have no such meaning: what they hold is content, whatever they are called.
  const structured = structuredContent === undefined ? undefined : mapTexts(structuredContent, { change, keeps: NONE }, 0)
  if (shaped === rest && structured === structuredContent) return content
  return { ...shaped, ...(structured === undefined ? {} : { structuredContent: structured }) }
}

function mapTexts(node: Json, how: Change, depth: number): Json {
  if (typeof node === 'string') return how.change(node)
  if (typeof node !== 'object' || node === null || depth > DEPTH_MAX) return node
  if (Array.isArray(node)) {
    const items = node as readonly Json[]
    const next = items.map((item) => mapTexts(item, how, depth + 1))
    return next.some((item, index) => item !== items[index]) ? next : node
  }
  const members = Object.entries(node as Record<string, Json>)
  const next = members.map(([name, member]): [string, Json] => [
    name,
    how.keeps.has(name) && typeof member === 'string' ? member : mapTexts(member, how, depth + 1),
  ])
  return next.some(([, member], index) => member !== members[index]?.[1]) ? Object.fromEntries(next) : node
}

interface Bounds {
  readonly how: 'wrap' | 'datamark'
  readonly nonce: string
  readonly channel: Channel
  readonly source: string
}

/**
 * Marks the texts of a result as foreign: text blocks, embedded resources, contents of resources. Structured content is checked by
 * schema and stays as it is; prompts are meant to instruct and come from a granted server.
 */
export function boundTexts(content: JsonObject, bounds: Bounds): JsonObject {
  const next: Record<string, Json | undefined> = { ...content }
  for (const list of ['content', 'contents']) {
    const blocks = content[list]
    if (Array.isArray(blocks)) next[list] = (blocks as readonly Json[]).map((block) => boundBlock(block, bounds))
  }
  return next as JsonObject
}

function boundBlock(block: Json, bounds: Bounds): Json {
  if (!isJsonObject(block)) return block
  const { text, resource } = block
  if (isJsonObject(resource)) return { ...block, resource: boundBlock(resource, bounds) }
  return typeof text === 'string' ? { ...block, text: bound(text, bounds) } : block
}

function bound(text: string, { how, ...boundary }: Bounds): string {
  return wrapUntrusted(how === 'datamark' ? datamark(text) : text, boundary)
}
