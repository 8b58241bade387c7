import type { Entry } from '@sallyport/core'

type Finding = Extract<Entry, { type: 'decision' }>['findings'][number]

/** One text of a content in which something was seen, in pieces. */
export interface SeenText {
  /** JSON pointer. */
  readonly path: string
  readonly pieces: readonly { readonly text: string; readonly isSeen: boolean }[]
}

/**
 * Where in a content its findings stand. What was seen in another reading of a text, decoded for instance, has no place in it.
 * @param text JSON, as the vault keeps it.
 */
export function seenTexts(
  text: string,
  findings: readonly Finding[],
): { readonly seen: readonly SeenText[]; readonly placeless: number } {
  const content = parsed(text)
  const paths = [...new Set(findings.map(({ path }) => path))]
  const placed = (finding: Finding): boolean => {
    const whole = textAt(content, finding.path)
    return whole !== undefined && finding.view === undefined && finding.start < finding.end && finding.end <= whole.length
  }
  const seen = paths.flatMap((path) => {
    const spans = findings.filter((finding) => finding.path === path && placed(finding))
    return spans.length === 0 ? [] : [{ path, pieces: piecesOf(textAt(content, path) ?? '', spans) }]
  })
  return { seen, placeless: findings.filter((finding) => !placed(finding)).length }
}

function piecesOf(text: string, spans: readonly { readonly start: number; readonly end: number }[]): SeenText['pieces'] {
  const cuts = [...new Set([0, text.length, ...spans.flatMap(({ start, end }) => [start, end])])].toSorted((a, b) => a - b)
  return cuts.slice(1).map((end, i) => {
    const start = cuts[i] ?? 0
    return { text: text.slice(start, end), isSeen: spans.some((span) => span.start <= start && end <= span.end) }
  })
}

/** RFC 6901; of numbers and the like the text that was looked at. */
function textAt(content: unknown, path: string): string | undefined {
  let at = content
  for (const step of path.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = (at as Readonly<Record<string, unknown>>)[name]
  }
  return typeof at === 'string' ? at : typeof at === 'number' ? String(at) : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
