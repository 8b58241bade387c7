import type { Finding } from '../../model/finding.ts'
import type { ContentProblem, ContentText, HiddenPlace } from './content-text.ts'
import type { Mismatch } from './mismatch.ts'

/** Most findings about one piece of content. */
const FINDINGS_MAX = 50
/** Hidden texts shorter than this are spaces, bullets and page numbers. In UTF-16 units, blanks aside. */
const HIDDEN_CHARS_MIN = 4

type Severity = Finding['severity']

const HIDDEN: Readonly<Record<HiddenPlace, Severity>> = {
  colour: 'high',
  tiny: 'high',
  invisible: 'high',
  off_page: 'medium',
  covered: 'medium',
  layer: 'medium',
  hidden_run: 'medium',
  control_word: 'medium',
  alternative: 'medium',
  trailing: 'medium',
  sheet: 'low',
  cell: 'low',
  ground: 'low',
  text_layer: 'info',
  deleted: 'info',
  comment: 'info',
  annotation: 'info',
  form_field: 'info',
  script: 'info',
  notes: 'info',
  alt_text: 'info',
  part: 'info',
}

const PROBLEMS: Readonly<Record<ContentProblem, Severity>> = {
  timed_out: 'medium',
  failed: 'medium',
  busy: 'medium',
  closed: 'medium',
  too_large: 'medium',
  unreadable: 'low',
  malformed: 'medium',
  encrypted: 'medium',
  truncated: 'medium',
  unpack_limit: 'high',
  nesting_limit: 'medium',
  overlapping_entries: 'high',
  entities_refused: 'medium',
  font_unreadable: 'medium',
  macros: 'high',
  script: 'high',
  launch_action: 'high',
  remote_template: 'high',
  external_link: 'medium',
  pixels_unread: 'info',
  sound_unread: 'info',
}

const MISMATCHED: Readonly<Record<Mismatch, Severity>> = {
  executable_content: 'high',
  active_content: 'high',
  polyglot: 'high',
  type_mismatch: 'medium',
}

/**
 * What the form of some content tells, its words aside: text hidden from people (`hidden_colour`, …: one finding for each place
 * and file, at the first such text), each problem, and a type that is not the one declared, as a code of its own. The gravest first; paths lead into the content.
 */
export function contentFindings(content: ContentText): readonly Finding[] {
  const findings = [...findingsOf(content, '')]
  return findings.toSorted((a, b) => WEIGHT[b.severity] - WEIGHT[a.severity]).slice(0, FINDINGS_MAX)
}

const WEIGHT: Readonly<Record<Severity, number>> = { info: 0, low: 1, medium: 2, high: 3 }

function* findingsOf({ mismatch, hidden, problems, parts }: ContentText, path: string): Iterable<Finding> {
  if (mismatch) yield found({ code: mismatch, severity: MISMATCHED[mismatch], path, end: 0 })
  for (const code of problems) yield found({ code, severity: PROBLEMS[code], path, end: 0 })
  const seen = new Set<HiddenPlace>()
  for (const [i, { text, where }] of hidden.entries()) {
    if (seen.has(where) || !isText(text)) continue
    seen.add(where)
    yield found({ code: `hidden_${where}`, severity: HIDDEN[where], path: `${path}/hidden/${i}/text`, end: text.length })
  }
  for (const [i, part] of parts.entries()) yield* findingsOf(part, `${path}/parts/${i}`)
}

function isText(text: string): boolean {
  return text.replace(/\s/g, '').length >= HIDDEN_CHARS_MIN
}

function found({ code, severity, path, end }: Pick<Finding, 'code' | 'severity' | 'path' | 'end'>): Finding {
  return { detector: 'content', code, severity, path, start: 0, end }
}
