import type { Sighting } from '../../define-detector.ts'

/** Tags and marks that pretend to be another speaker. Lower case. */
const TAGS: readonly string[] = [
  '<important>',
  '</important>',
  '<system>',
  '</system>',
  '<instructions>',
  '<instruction>',
  '<secret>',
  '<hidden>',
  '<critical>',
  '<admin>',
  '<override>',
  '<assistant>',
  '[system]',
  '[inst]',
  '[/inst]',
  '[[system',
  '<<sys>>',
  '<|im_start|>',
  '<|system|>',
  '<|endoftext|>',
  '<|start_header_id|>',
  '### system',
  '###system',
  'system prompt:',
]

/** Marks in a definition that pretend another speaker begins; no description needs one, in whatever case. */
export function speakerTags(text: string): readonly Sighting[] {
  const lower = text.toLowerCase()
  // Some letters change length in lower case; then the places would be wrong, and the whole text is reported.
  const exact = lower.length === text.length
  return TAGS.flatMap((tag) => {
    const start = lower.indexOf(tag)
    if (start < 0) return []
    const place = exact ? { start, end: start + tag.length } : { start: 0, end: text.length }
    return [{ code: 'speaker_tag', severity: 'high' as const, ...place }]
  })
}
