import type { Span } from '../../reading/view.ts'

/** How a reference is followed: by itself when it is shown, when a person clicks, or when a form is sent. */
export type ReferenceKind = 'markdown_image' | 'html_fetch' | 'css_fetch' | 'form' | 'link'

/** A URL in a text, and what it stands in. */
export interface Reference extends Span {
  readonly kind: ReferenceKind
  /** As written, with HTML entities and CSS escapes resolved where they count. */
  readonly url: string
}
