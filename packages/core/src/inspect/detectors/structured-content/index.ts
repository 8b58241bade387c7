import { defineDetector } from '../../define-detector.ts'
import { formulas } from './formulas.ts'
import { markup } from './markup.ts'
import { nestedJson } from './nested-json.ts'

/** Finds what does harm where structured values are used next: spreadsheets, browsers, parsers. */
export const structuredContent = defineDetector({
  id: 'structured-content',
  channels: ['tool', 'database', 'document', 'retrieval', 'memory', 'agent', 'email', 'web', 'arguments'],
  reads: 'original',
  detect: (text, { channel, field }) => [...formulas(text), ...markup(text, { channel, field }), ...nestedJson(text)],
})
