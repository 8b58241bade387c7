import { getDocument, OPS } from 'unpdf/pdfjs'
import type { Source } from '../../read-content.ts'
import { readAnnotations, type AttachedFile } from './annotations.ts'
import { followDrawing } from './drawing.ts'
import { judgeRuns } from './judge-runs.ts'

/** Most files attached that are opened. */
const ATTACHMENTS_MAX = 50

type Document = Awaited<ReturnType<typeof getDocument>['promise']>
type Page = Awaited<ReturnType<Document['getPage']>>

/**
 * Nothing is fetched, compiled, drawn or shown: no fonts, no scripts, no pictures (`maxImageSize` leaves out any larger than
 * nothing, before it is decoded), no thread of its own, no messages.
 */
const OPTIONS = {
  verbosity: 0,
  maxImageSize: 0,
  disableFontFace: true,
  useSystemFonts: false,
  useWorkerFetch: false,
  useWasm: false,
  isOffscreenCanvasSupported: false,
  isImageDecoderSupported: false,
  enableXfa: false,
  stopAtErrors: false,
} as const

/**
 * Text of a PDF, page after page, with what people do not see of it: without ink, in the colour of its ground, tiny, beside the
 * page, covered, on a layer that is off; and with annotations, form fields, scripts, actions, properties and attached files.
 * @see ISO 32000-1.
 */
export async function readPdf({ bytes, budget, out, open }: Source): Promise<void> {
  // The reader keeps the bytes it is given, and refuses buffers.
  const task = getDocument({ ...OPTIONS, data: new Uint8Array(bytes) })
  try {
    const document = await task.promise
    const hasPictures = namesPictures(bytes)
    if (hasPictures) out.trouble('pixels_unread')
    await readProperties(document, out)
    await readActions(document, out)
    const files = await attachedFiles(document)
    const layers = await document.getOptionalContentConfig()
    for (let number = 1; number <= document.numPages; number++) {
      if (number > budget.limits.pagesMax) return out.trouble('truncated')
      const page = await document.getPage(number)
      const pinned = await readPage({ page, hasPictures, isShown: (layer) => layers.isVisible(layer as never) }, out)
      files.push(...pinned)
      page.cleanup()
    }
    await openFiles({ document, files }, { out, open })
  } catch (error) {
    out.trouble(error instanceof Error && error.name === 'PasswordException' ? 'encrypted' : 'malformed')
  } finally {
    await task.destroy()
  }
}

/** Whether any stream says that it is a picture; names of streams are never packed. */
function namesPictures(bytes: Uint8Array): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = file.indexOf('/Image'); at >= 0; at = file.indexOf('/Image', at + 6)) {
    const next = file[at + 6] ?? 32
    if (!((next >= 65 && next <= 90) || (next >= 97 && next <= 122))) return true
  }
  return false
}

interface PageSource {
  readonly page: Page
  readonly hasPictures: boolean
  readonly isShown: (layer: unknown) => boolean
}

async function readPage({ page, hasPictures, isShown }: PageSource, out: Source['out']): Promise<readonly AttachedFile[]> {
  const { fnArray, argsArray } = await page.getOperatorList()
  const [left = 0, bottom = 0, right = 0, top = 0] = page.view
  const drawing = followDrawing(fnArray, argsArray as readonly unknown[], { unitOf: (font) => unitOf(page, font), isShown })
  if (losesLetters(fnArray, argsArray as readonly unknown[])) out.trouble('font_unreadable')
  judgeRuns(drawing, { box: { left, bottom, right, top }, hasPictures }, out)
  return readAnnotations(page, out)
}

/** Fonts drawn by operators have a scale of their own; all others a thousand to the letter's height. */
function unitOf(page: Page, name: string): number {
  const fonts = page.commonObjs
  const font = fonts.has(name)
    ? (fonts.get(name) as { readonly fontMatrix?: readonly number[]; readonly isType3Font?: boolean })
    : {}
  const scale = Math.abs(font.fontMatrix?.[3] ?? 0.001) * 1000
  return font.isType3Font === true && scale > 0 ? scale : 1
}

/** Whether some text came without letters: its font needs tables that are not there. */
function losesLetters(fnArray: readonly number[], argsArray: readonly unknown[]): boolean {
  return fnArray.some((operator, i) => {
    if (operator !== OPS.showText) return false
    const [glyphs] = argsArray[i] as readonly [unknown]
    if (!Array.isArray(glyphs)) return false
    const letters = glyphs.filter((glyph): glyph is { unicode?: string } => typeof glyph === 'object' && glyph !== null)
    return letters.length === 0 ? glyphs.length === 0 : letters.every(({ unicode = '' }) => unicode === '')
  })
}

async function readProperties(document: Document, out: Source['out']): Promise<void> {
  const { info, metadata } = await document.getMetadata()
  for (const [name, value] of Object.entries(info)) {
    if (typeof value === 'string') out.describe(name, value)
    else if (name === 'Custom' && typeof value === 'object' && value !== null)
      for (const [key, text] of Object.entries(value)) if (typeof text === 'string') out.describe(key, text)
    if (name === 'IsXFAPresent' && value === true) out.trouble('unreadable')
  }
  for (const [name, value] of metadata ?? []) out.describe(String(name), Array.isArray(value) ? value.join('\n') : String(value))
  const outline = (await document.getOutline()) as readonly Bookmark[] | null
  for (const { title, url, unsafeUrl } of bookmarks(outline ?? [])) {
    out.describe('bookmark', title)
    if (url ?? unsafeUrl) out.link(String(url ?? unsafeUrl))
  }
}

interface Bookmark {
  readonly title: string
  readonly url?: string | null
  readonly unsafeUrl?: string | undefined
  readonly items?: readonly Bookmark[]
}

function bookmarks(items: readonly Bookmark[]): readonly Bookmark[] {
  const found: Bookmark[] = []
  const waiting = [...items]
  for (let item = waiting.shift(); item && found.length < 1_000; item = waiting.shift()) {
    found.push(item)
    waiting.push(...(item.items ?? []))
  }
  return found
}

/** Scripts, and what happens when the document is opened. */
async function readActions(document: Document, out: Source['out']): Promise<void> {
  const scripts = (await document.getJSActions()) as Readonly<Record<string, readonly string[]>> | null
  for (const script of Object.values(scripts ?? {}).flat()) {
    out.trouble('script')
    out.hide('script', `${script}\n`)
  }
}

async function attachedFiles(document: Document): Promise<AttachedFile[]> {
  const attached = (await document.getAttachments()) ?? new Map<string, { readonly filename: string }>()
  return [...attached].map(([key, { filename }]) => ({ key, name: filename }))
}

interface Attached {
  readonly document: Document
  readonly files: readonly AttachedFile[]
}

async function openFiles({ document, files }: Attached, { out, open }: Pick<Source, 'out' | 'open'>): Promise<void> {
  if (files.length > ATTACHMENTS_MAX) out.trouble('truncated')
  for (const { key, name } of files.slice(0, ATTACHMENTS_MAX)) {
    const content = (await document.getAttachmentContent(key)) as Uint8Array | null
    if (content) await open(name, content)
    else out.trouble('unreadable')
  }
}
