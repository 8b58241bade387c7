import { Draft } from './draft.ts'

/** Longest address and longest text of a link that are read, in characters. */
const LINK_CHARS_MAX = 4096
const TEXT_CHARS_MAX = 512

/**
 * What links and images of Markdown hold beside their text: addresses, titles, and the alternative text of images, a line each;
 * and definitions, `[name]: address "title"`, which are not shown at all.
 * @see CommonMark, sections 4.7, 6.3 and 6.4
 */
export function markdownTargets(text: string): Draft {
  const draft = new Draft(text)
  let done = 0
  for (let at = text.indexOf(']'); at >= 0; at = text.indexOf(']', Math.max(at + 1, done))) {
    const next = text[at + 1]
    if (next === '(') {
      const alt = imageText(text, at)
      if (alt >= 0 && alt < at) add(alt, at)
      done = target(at + 2, false)
    } else if (next === ':' && isDefinition(text, at)) done = target(at + 2, true)
  }
  return draft

  function add(start: number, end: number): void {
    if (text.slice(start, end).trim() === '') return
    if (draft.length > 0) draft.put('\n', { start, end: start + 1 })
    draft.copy(start, end)
  }
  /** An address and a title. @returns where to go on. */
  function target(from: number, isWholeLine: boolean): number {
    let start = from
    while (text[start] === ' ' || text[start] === '<') start++
    let end = start
    const limit = start + LINK_CHARS_MAX
    let depth = 0
    for (; end < text.length && end < limit; end++) {
      const char = text[end] ?? ''
      if (' \t\r\n]>'.includes(char) || (char === ')' && depth-- === 0)) break
      if (char === '(') depth++
    }
    add(start, end)
    let title = end
    while (text[title] === ' ' || text[title] === '>') title++
    const close = text[title] === '(' ? ')' : text[title]
    if (close !== '"' && close !== "'" && close !== ')') return end
    if (close === ')' && !isWholeLine) return end
    let titleEnd = title + 1
    while (titleEnd < text.length && titleEnd < limit && text[titleEnd] !== close && text[titleEnd] !== ']') titleEnd++
    add(title + 1, titleEnd)
    return titleEnd
  }
}

/** Where the text of an image begins whose `]` this is; -1 when it is no image. */
function imageText(text: string, end: number): number {
  for (let at = end - 1; at > 0 && end - at < TEXT_CHARS_MAX; at--) {
    if (text[at] === '[') return text[at - 1] === '!' ? at + 1 : -1
    if (text[at] === ']') return -1
  }
  return -1
}

/** Whether `[…]:` begins its line. */
function isDefinition(text: string, end: number): boolean {
  for (let at = end - 1; at >= 0 && end - at < TEXT_CHARS_MAX; at--) {
    if (text[at] === '[') return /(?:^|\n) {0,3}$/.test(text.slice(Math.max(0, at - 4), at))
    if (text[at] === ']' || text[at] === '\n') return false
  }
  return false
}
