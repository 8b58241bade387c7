import {
  type Channel,
  contentFindings,
  type ContentText,
  type Finding,
  type Inspected,
  isJsonObject,
  type Json,
  type JsonObject,
  type Seen,
  type TrustLevel,
} from '@sallyport/core'
import type { ContentReader } from '../content-reader.ts'

/** Most pieces of content read out of one result. */
const ATTACHMENTS_MAX = 20

interface Attachment {
  /** Where its encoded bytes are in the result. */
  readonly at: readonly (string | number)[]
  readonly base64: string
  readonly declaredType: string
}

/** Judges the texts of one content, as `Guard.inspect` does those of a result. */
export type JudgeTexts = (
  value: Json,
  about: { readonly channel: Channel; readonly trust: TrustLevel },
) => Inspected | Promise<Inspected>

/**
 * Reads what is in the pictures, documents and archives of a result and lets it be judged. `undefined` where there are none.
 * What is found lies, for those who act on it, at the encoded bytes: half a document cannot be cut.
 */
export function inspectAttachments(
  content: JsonObject,
  about: { readonly channel: Channel; readonly trust: TrustLevel },
  { extractor, judge }: { readonly extractor: ContentReader; readonly judge: JudgeTexts },
): Promise<readonly Inspected[]> | undefined {
  const found = [...attachmentsOf(content)]
  if (found.length === 0) return undefined
  const read = found.slice(0, ATTACHMENTS_MAX).map(async (attachment) => {
    const text = await extractor.extract(Buffer.from(attachment.base64, 'base64'), { declaredType: attachment.declaredType })
    const inspected = await judge(textsOf(text), about)
    return placedAt(attachment, inspected, { text, channel: about.channel })
  })
  const left = found.slice(ATTACHMENTS_MAX).map((attachment) => collected([unscanned(attachment, about.channel)]))
  return Promise.all(read).then((inspected) => [...inspected, ...left])
}

function* attachmentsOf(content: JsonObject): Generator<Attachment> {
  for (const list of ['content', 'contents', 'messages'] as const) {
    const blocks = content[list]
    if (!Array.isArray(blocks)) continue
    for (const [index, block] of (blocks as readonly Json[]).entries()) yield* inBlock(block, [list, index])
  }
}

function* inBlock(block: Json, at: readonly (string | number)[]): Generator<Attachment> {
  if (!isJsonObject(block)) return
  const { data, blob, mimeType, resource, content } = block
  const declaredType = typeof mimeType === 'string' ? mimeType : ''
  if (typeof data === 'string') yield { at: [...at, 'data'], base64: data, declaredType }
  if (typeof blob === 'string') yield { at: [...at, 'blob'], base64: blob, declaredType }
  if (resource !== undefined) yield* inBlock(resource, [...at, 'resource'])
  if (isJsonObject(content)) yield* inBlock(content, [...at, 'content'])
}

/** Only the texts of a content: what it is called and what went wrong with it is said otherwise. */
export function textsOf({ visible, hidden, metadata, links, parts }: ContentText): Json {
  return {
    visible,
    hidden: hidden.map(({ text }) => text),
    metadata: metadata.map(({ text }) => text),
    links: [...links],
    parts: parts.map((part) => ({ name: part.name, ...(textsOf(part) as JsonObject) })),
  }
}

function placedAt(
  attachment: Attachment,
  inspected: Inspected,
  { text, channel }: { text: ContentText; channel: Channel },
): Inspected {
  const about = contentFindings(text).map(({ detector, code, severity }) =>
    seenAt(attachment, { detector, code, severity }, channel),
  )
  const seen = inspected.seen.map(({ finding: { path: _p, ...found } }) => seenAt(attachment, found, channel))
  const unread = text.isWhole ? [] : [unscanned(attachment, channel)]
  return { ...collected([...seen, ...about, ...unread]), classes: inspected.classes }
}

function unscanned(attachment: Attachment, channel: Channel): Seen {
  return seenAt(attachment, { detector: 'content', code: 'unscanned', severity: 'medium' }, channel)
}

/** A finding, moved to the encoded bytes it was made in. */
function seenAt({ at, base64 }: Attachment, found: Omit<Finding, 'path' | 'start' | 'end'>, channel: Channel): Seen {
  return { finding: { ...found, channel, path: `/${at.join('/')}`, start: 0, end: base64.length }, at, inName: false }
}

/** Each kind of finding once: where in the document it was, no record can say. */
function collected(seen: readonly Seen[]): Inspected {
  const kinds = new Map(seen.map((one) => [`${one.finding.detector} ${one.finding.code}`, one.finding]))
  return { seen, findings: [...kinds.values()], classes: [] }
}
