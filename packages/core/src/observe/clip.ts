import { EVENT_ITEMS_MAX, EVENT_TEXT_MAX } from './security-event.ts'

/** A text as an event may hold it: bounded and well-formed. */
export function clip(text: string): string {
  return (text.length <= EVENT_TEXT_MAX ? text : text.slice(0, EVENT_TEXT_MAX)).toWellFormed()
}

export function clipAll(texts: readonly string[]): string[] {
  return texts.slice(0, EVENT_ITEMS_MAX).map(clip)
}
