import type { ContentType } from './content-type.ts'
import type { Mismatch } from './mismatch.ts'

/**
 * Where a text was that a person who opens the document does not see. Concealed on purpose: `colour` of the ground, `tiny`,
 * `invisible` (drawn without ink), `off_page`, `covered`, `layer` (switched off), `hidden_run` (a word processor's hidden text),
 * `control_word` (hidden in RTF), `alternative` (a mail's other part says something else), `trailing` (behind the end of the
 * file). `ground` is text as light as paper that may lie on a picture; `text_layer` a page whose only text is without ink, as
 * scanners write it. `part` is a file of a package that no
 * program shows. The rest are places that programs read and people seldom open.
 */
export const HIDDEN_PLACES = [
  'colour',
  'tiny',
  'invisible',
  'off_page',
  'covered',
  'layer',
  'hidden_run',
  'control_word',
  'alternative',
  'trailing',
  'sheet',
  'cell',
  'ground',
  'text_layer',
  'deleted',
  'comment',
  'annotation',
  'form_field',
  'script',
  'notes',
  'alt_text',
  'part',
] as const
export type HiddenPlace = (typeof HIDDEN_PLACES)[number]

export interface HiddenText {
  readonly text: string
  readonly where: HiddenPlace
}

/**
 * What went wrong, or is wrong with the content. Unread: `timed_out`, `failed` (the reader crashed), `busy` (too much waits
 * already), `closed`, `too_large`, `unreadable` (a format that is not read), `malformed`, `encrypted`, `truncated` (more text than
 * is kept), `unpack_limit` (a decompression bomb), `nesting_limit`, `overlapping_entries`, `entities_refused` (a document type in
 * XML), `font_unreadable`. Read, and worth knowing: `macros`, `script`, `launch_action` (a program is started), `remote_template`,
 * `external_link` (loaded without asking), `pixels_unread` and `sound_unread` (there are pictures or
 * sounds, and what they show or say is never read).
 */
export const CONTENT_PROBLEMS = [
  'timed_out',
  'failed',
  'busy',
  'closed',
  'too_large',
  'unreadable',
  'malformed',
  'encrypted',
  'truncated',
  'unpack_limit',
  'nesting_limit',
  'overlapping_entries',
  'entities_refused',
  'font_unreadable',
  'macros',
  'script',
  'launch_action',
  'remote_template',
  'external_link',
  'pixels_unread',
  'sound_unread',
] as const
export type ContentProblem = (typeof CONTENT_PROBLEMS)[number]

/** Problems that leave no text unread. */
const READ: ReadonlySet<ContentProblem> = new Set([
  'macros',
  'script',
  'launch_action',
  'remote_template',
  'external_link',
  'pixels_unread',
  'sound_unread',
])

/** Whether a problem means that something was not read. */
export function leavesUnread(problem: ContentProblem): boolean {
  return !READ.has(problem)
}

/** The text in some content, seen and unseen. Plain JSON: `inspect` takes it as it is, and its paths lead to every text in it. */
export type ContentText = {
  readonly type: ContentType
  /** What a person sees. Of `html`, `svg` and `xml` the source: telling what is seen in it is the reading's work. */
  readonly visible: string
  readonly hidden: readonly HiddenText[]
  /** Titles, authors, key words, mail headers, comments in pictures. */
  readonly metadata: readonly { readonly name: string; readonly text: string }[]
  /** Addresses that it links to or loads from. */
  readonly links: readonly string[]
  /** Files inside: attachments, files of an archive, the alternatives of a mail. */
  readonly parts: readonly ContentPart[]
  /** How it differs from the type that it was said to be. */
  readonly mismatch?: Mismatch
  /** Whether all text in it was read, pictures aside. Otherwise it counts as unscanned, never as clean. */
  readonly isWhole: boolean
  readonly problems: readonly ContentProblem[]
}

/** A file within some content, under the name that it has there. */
export type ContentPart = ContentText & { readonly name: string }
