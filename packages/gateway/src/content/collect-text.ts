import { leavesUnread, type ContentPart, type ContentProblem, type ContentText, type HiddenPlace } from '@sallyport/core'
import type { Budget } from './limits.ts'

/** Most hidden texts, metadata and links kept of one file. */
const ITEMS_MAX = 2_000
const NAME_CHARS_MAX = 200
const LINK_CHARS_MAX = 2_048
/** Hidden texts of one place are one text, up to about this many characters. */
const JOINED_CHARS_MAX = 65_536

/** Takes down what a reader finds in one file; more than the budget allows is dropped, and that is said. */
export interface Collector {
  show(text: string): void
  hide(where: HiddenPlace, text: string): void
  describe(name: string, text: string): void
  link(address: string): void
  trouble(problem: ContentProblem): void
  add(part: ContentPart): void
}

type Collected = Omit<ContentText, 'type' | 'mismatch'>

/** @returns where to put things, and what was put there. */
export function collectText(budget: Budget): { readonly out: Collector; readonly collected: () => Collected } {
  const visible: string[] = []
  const hidden: { text: string; where: HiddenPlace }[] = []
  const metadata: { name: string; text: string }[] = []
  const links = new Set<string>()
  const parts: ContentPart[] = []
  const problems = new Set<ContentProblem>()
  /** Whether something was seen since the last hidden text. */
  let isApart = false
  const cut = (text: string): string => {
    const kept = budget.takeChars(text.length)
    if (kept < text.length) problems.add('truncated')
    return kept < text.length ? text.slice(0, kept).toWellFormed() : text
  }
  const hasRoom = (list: { readonly length: number }): boolean => {
    if (list.length >= ITEMS_MAX) problems.add('truncated')
    return list.length < ITEMS_MAX
  }
  const out: Collector = {
    show: (text) => {
      visible.push(cut(text))
      if (text.trim() !== '') isApart = true
    },
    hide: (where, text) => {
      const last = hidden.at(-1)
      // Word processors split one sentence into many runs.
      if (last?.where === where && last.text.length < JOINED_CHARS_MAX) last.text += cut(isApart ? `\n${text}` : text)
      else if (text.trim() !== '' && hasRoom(hidden)) hidden.push({ text: cut(text), where })
      isApart = false
    },
    describe: (name, text) => {
      if (text.trim() !== '' && hasRoom(metadata)) metadata.push({ name: cut(name.slice(0, NAME_CHARS_MAX)), text: cut(text) })
    },
    link: (address) => {
      if (!links.has(address) && hasRoom({ length: links.size })) links.add(cut(address.slice(0, LINK_CHARS_MAX)))
    },
    trouble: (problem) => void problems.add(problem),
    add: (part) => void parts.push(part),
  }
  const collected = (): Collected => ({
    visible: visible.join(''),
    hidden,
    metadata,
    links: [...links],
    parts,
    isWhole: ![...problems].some(leavesUnread) && parts.every(({ isWhole }) => isWhole),
    problems: [...problems],
  })
  return { out, collected }
}

/** Content of which nothing was read, and why. */
export function unread(problem: ContentText['problems'][number]): ContentText {
  return { type: 'unknown', visible: '', hidden: [], metadata: [], links: [], parts: [], isWhole: false, problems: [problem] }
}
