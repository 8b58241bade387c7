import { createHash } from 'node:crypto'
import { type Finding, isFailure, isInjection, type Json, type Seen, textAt } from '@sallyport/core'
import type { ScannedAs, Scanner } from '@sallyport/gateway'
import { z } from 'zod'
import type { ListedFile } from './list-files.ts'
import { type FilePart, newlines, splitFile } from './split-file.ts'

/** Most findings in one report; beyond it they are only counted. */
const FINDINGS_MAX = 10_000

export const Found = z.strictObject({
  file: z.string(),
  line: z.int().optional().meta({ description: 'From 1; absent in documents and in JSON that is no list of lines.' }),
  at: z.string().meta({ description: 'JSON pointer of the text within its part.' }),
  detector: z.string(),
  code: z.string(),
  severity: z.string(),
  class: z.string().optional(),
  score: z.number().optional(),
  view: z.string().optional(),
  masked: z.string().meta({ description: 'Two characters of what was seen, and how long it is.' }),
  isBlocking: z.boolean(),
})
export type Found = z.infer<typeof Found>

export const ScannedFile = z.strictObject({ name: z.string(), bytes: z.int(), sha256: z.string(), blocking: z.int() })

export interface ScanOptions {
  readonly as: ScannedAs
  /** Classes and types of finding that may be there. */
  readonly allow: readonly string[]
  /** Whether it is a prompt of one's own: to instruct is what it is for, so that only rules tell what has no place in it. */
  readonly isPrompt: boolean
}

export interface Scanned {
  readonly files: readonly z.infer<typeof ScannedFile>[]
  readonly found: readonly Found[]
  /** Findings that are not listed. */
  readonly left: number
}

/** Detectors that judge by how a text sounds. */
const MODELS: ReadonlySet<string> = new Set(['ngram', 'transformer'])

/** Looks at every file. Nothing of their texts is in the result but two characters of each finding. */
export async function scanFiles(scanner: Scanner, listed: readonly ListedFile[], options: ScanOptions): Promise<Scanned> {
  const files: z.infer<typeof ScannedFile>[] = []
  const found: Found[] = []
  let left = 0
  for (const file of listed) {
    const bytes = file.read()
    let blocking = 0
    for await (const one of findingsIn(scanner, { ...options, name: file.name, bytes })) {
      if (one.isBlocking) blocking++
      if (found.length < FINDINGS_MAX) found.push(one)
      else left++
    }
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    files.push({ name: file.name, bytes: bytes.length, sha256, blocking })
  }
  return { files, found, left }
}

type Scanning = ScanOptions & { readonly name: string; readonly bytes: Uint8Array }

async function* findingsIn(scanner: Scanner, scanning: Scanning): AsyncGenerator<Found> {
  const { name, bytes, as } = scanning
  const parts = splitFile(name, bytes)
  if (!parts) {
    const { texts, findings, isWhole } = await scanner.document(bytes)
    const unread: Finding[] = isWhole
      ? []
      : [{ detector: 'content', code: 'unscanned', severity: 'medium', path: '', start: 0, end: 0 }]
    for (const finding of [...findings, ...unread]) yield foundOf(scanner, scanning, { finding, at: finding.path, masked: '' })
    yield* inPart(scanner, scanning, { value: texts, at: '' })
    return
  }
  const known = new Set<string>()
  for (const part of parts) {
    for (const { key, found } of await keyed(inPart(scanner, { ...scanning, as }, part))) {
      // Pieces of a text overlap.
      if (typeof part.value === 'string' && known.has(key)) continue
      known.add(key)
      yield found
    }
  }
}

async function keyed(all: AsyncIterable<Found>): Promise<readonly { readonly key: string; readonly found: Found }[]> {
  const list: { key: string; found: Found }[] = []
  for await (const found of all) list.push({ key: `${found.line} ${found.detector} ${found.code} ${found.masked}`, found })
  // The same twice in one piece is two findings.
  const counts = new Map<string, number>()
  return list.map(({ key, found }) => {
    const count = (counts.get(key) ?? 0) + 1
    counts.set(key, count)
    return { key: `${key} ${count}`, found }
  })
}

async function* inPart(scanner: Scanner, scanning: Scanning, part: FilePart): AsyncGenerator<Found> {
  const { seen } = await scanner.inspect(part.value, scanning.as)
  for (const one of seen) {
    const { start } = one.finding
    const line =
      part.line === undefined
        ? {}
        : { line: part.line + (typeof part.value === 'string' ? newlines(part.value.slice(0, start)) : 0) }
    yield {
      ...foundOf(scanner, scanning, { finding: one.finding, at: `${part.at}${one.finding.path}`, masked: mask(part.value, one) }),
      ...line,
    }
  }
}

function foundOf(
  scanner: Scanner,
  { name, as, allow, isPrompt }: Scanning,
  { finding, at, masked }: { finding: Finding; at: string; masked: string },
): Found {
  const { detector, code, severity, class: of, score, view } = finding
  const isPlanted = isInjection(finding, as.trust, scanner.policy) && !(isPrompt && MODELS.has(detector))
  const isAllowed = allow.includes(code) || (of !== undefined && allow.includes(of))
  return {
    file: name,
    at,
    detector,
    code,
    severity,
    ...(of !== undefined && { class: of }),
    ...(score !== undefined && { score }),
    ...(view !== undefined && { view }),
    masked,
    isBlocking: !isAllowed && (isFailure(code) || isPlanted || isData(finding)),
  }
}

/** Data that has no business in a prompt or a training set; documented example keys and source code have. */
function isData({ class: of, severity }: Finding): boolean {
  if (of === undefined || of === 'source-code' || severity === 'info') return false
  return of !== 'secret' || severity !== 'low'
}

const SHOWN_CHARS = 2

function mask(value: Json, { at, inName, finding }: Seen): string {
  const { start, end } = finding
  if (end <= start) return ''
  const text = textAt(value, at, inName).text.slice(start, end)
  return text.length <= SHOWN_CHARS * 4 ? `*** (${text.length})` : `${text.slice(0, SHOWN_CHARS)}*** (${text.length})`
}
