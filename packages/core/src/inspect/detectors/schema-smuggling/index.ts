import { defineDetector, type Sighting } from '../../define-detector.ts'
import { findPhrases, type PhraseBook } from '../../phrases.ts'
import { wordsOf } from '../../words.ts'
import { english } from '../instruction-override/phrases.ts'
import { roles } from '../role-reassignment/phrases.ts'
import { signals } from '../tool-imperatives/phrases.ts'
import { phrases } from '../tool-poisoning/phrases.ts'
import { collectors, COLLECTOR_NAMES, orders, secretNames } from './phrases.ts'

/** Longest name or value looked at, in UTF-16 units. */
const TEXT_CHARS_MAX = 4_096

/** Members of a schema whose text is a value or a label: no sentence to the model belongs there. */
const VALUE_PLACE = /\/(?:enum|examples)\/\d{1,4}$|\/(?:const|default|pattern|title|\$comment|format|x-[a-z-]{1,32})$/
/** Members that fix what the model would otherwise choose. */
const FIXED_PLACE = /\/(?:const|default)$|\/(?:enum|examples)\/\d{1,4}$/
const NAME_PLACE = /\/(?:properties|\$defs|definitions|patternProperties)\/[^/]{1,200}$/
const REQUIRED_PLACE = /\/required\/\d{1,4}$/
const DESCRIPTION_PLACE = /\/properties\/.{1,200}\/description$/

/**
 * Finds orders and traps in the parts of a tool's schema that people seldom read: names of parameters, values of `enum`, `const`,
 * `default` and `examples`, patterns, titles and comments; and parameters made to collect the conversation.
 */
export const schemaSmuggling = defineDetector({
  id: 'schema-smuggling',
  channels: ['definition'],
  reads: 'every',
  detect: (text, { path }) => {
    if (text.length === 0 || text.length > TEXT_CHARS_MAX || !/\/(?:inputSchema|outputSchema)\//.test(path)) return []
    return [...names(text, path), ...values(text, path), ...descriptions(text, path)]
  },
})

/** A member name, or the name of a required parameter. */
function names(text: string, path: string): readonly Sighting[] {
  const isRequired = REQUIRED_PLACE.test(path)
  if (!isRequired && !(NAME_PLACE.test(path) && path.endsWith(`/${text}`))) return []
  const plain = plainName(text)
  const strength = COLLECTOR_NAMES.get(plain.replaceAll(' ', ''))
  if (strength !== undefined) return [whole(text, 'collecting_parameter', isRequired ? strength : 'medium')]
  const isOrder = [secretNames, orders, phrases].some((book) => has(book, plain, 'high'))
  return isOrder ? [whole(text, 'order_in_name', 'high')] : []
}

/** A value or a label. */
function values(text: string, path: string): readonly Sighting[] {
  if (!VALUE_PLACE.test(path)) return []
  if ([english, roles, signals, phrases, orders].some((book: PhraseBook) => has(book, text, 'medium')))
    return [whole(text, 'order_in_value', 'high')]
  if (!FIXED_PLACE.test(path)) return []
  if (COMMAND.test(text)) return [whole(text, 'command_in_value', 'high')]
  if (/\/(?:const|default)$/.test(path) && isTarget(text, path)) return [whole(text, 'fixed_target', 'medium')]
  return []
}

/** The description of a parameter. */
function descriptions(text: string, path: string): readonly Sighting[] {
  return DESCRIPTION_PLACE.test(path) && has(collectors, text, 'medium') ? [whole(text, 'collecting_parameter', 'medium')] : []
}

/** The start of a command line, or a substitution, that a value would hand to a shell. */
const COMMAND =
  /(?:^|[;&|`(] ?)(?:curl|wget|bash|sh|zsh|powershell|pwsh|nc|ncat|python3?|node|perl|rm|chmod|scp|ssh|cat|base64|eval) (?:-|\/|~|https?:|\$|")|\$\([a-z]|`[a-z]{2,12} |\| ?(?:ba|z)?sh\b|<script\b|javascript:/i

/** A place that calls would go to whatever the model wants: an address among recipients, a link that takes data, a raw address. */
function isTarget(text: string, path: string): boolean {
  const isAddress = /^[^\s@]{1,64}@[^\s@]{1,190}$/.test(text)
  if (isAddress) return /[/_-](?:cc|bcc|to|recipients?|reply_?to|forward_?to)\/(?:const|default)$/i.test(path)
  if (!/^https?:\/\//i.test(text)) return false
  return (
    path.endsWith('/const') ||
    /[?&][^=]{1,64}=|webhook|callback|collect|\/hook|ngrok|\/\/\d{1,3}\.\d{1,3}\.|\.onion\b|exfil|burpcollaborator|requestbin|pipedream/i.test(
      text,
    )
  )
}

function has(book: PhraseBook, text: string, least: 'medium' | 'high'): boolean {
  return findPhrases(book, wordsOf(text)).some(({ severity }) => severity === 'high' || severity === least)
}

/** `readContentOf_id_rsa` as words. */
function plainName(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[_\-.:]+/g, ' ')
    .trim()
    .toLowerCase()
}

function whole(text: string, code: string, severity: Sighting['severity']): Sighting {
  return { code, severity, start: 0, end: text.length }
}
