import type { Sighting } from '../../define-detector.ts'
import type { Span } from '../../reading/view.ts'

/** What kind of mark stands at a place. */
export type MarkerKind =
  | 'control_token'
  | 'sequence_token'
  | 'role_tag'
  | 'tool_block'
  | 'section_header'
  | 'turn_header'
  | 'role_member'
  | 'end_of_content'
  | 'forged_boundary'

/** A mark that formats a prompt, in a text that should not. */
export interface Marker extends Span {
  readonly kind: MarkerKind
  readonly severity: Sighting['severity']
  /** Whether a template or a tokenizer may take it for structure, so that it is escaped before text is passed on. */
  readonly isToken: boolean
}
