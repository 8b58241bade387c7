import { GatewayError, type CustomClass, type DictionaryOptions } from '@sallyport/core'
import { RE2JS, RE2Set } from 're2js'

/** Most patterns in one set: beyond it the automaton outgrows its memory and slows down. */
const SET_PATTERNS_MAX = 35
/** Most places of one pattern in one text. */
const MATCHES_MAX = 50
/** Most instructions of one compiled pattern. */
const PROGRAM_MAX = 10_000

type Matcher = NonNullable<CustomClass['patterns']>[number]

/**
 * Compiles the patterns of a configuration's dictionaries on RE2, so that none takes more than linear time. One pass of a set tells
 * which of its patterns occur; only these are then asked where.
 * @throws GatewayError `CONFIG_INVALID`, naming dictionary and pattern, for one that RE2 does not know (look-around, back-references),
 * that is too large, or that matches the empty text.
 */
export function compilePatterns(dictionaries: DictionaryOptions): readonly CustomClass[] {
  return dictionaries.map(({ patterns, ...dictionary }) => {
    const flags = dictionary.caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE
    const translated = patterns.map((pattern, index) =>
      checked(pattern, { flags, name: `${dictionary.name}, pattern ${index + 1}` }),
    )
    const sets = Array.from({ length: Math.ceil(translated.length / SET_PATTERNS_MAX) }, (_, at) =>
      setOf(translated.slice(at * SET_PATTERNS_MAX, (at + 1) * SET_PATTERNS_MAX), flags),
    )
    return { ...dictionary, patterns: sets }
  })
}

/** In RE2's own syntax. */
function checked(pattern: string, { flags, name }: { flags: number; name: string }): string {
  const invalid = (why: string, cause?: unknown) => new GatewayError('CONFIG_INVALID', `dictionary ${name}: ${why}`, { cause })
  const translated = RE2JS.translateRegExp(pattern)
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(translated, flags)
  } catch (cause) {
    throw invalid('is not a pattern that RE2 knows', cause)
  }
  if (compiled.programSize() > PROGRAM_MAX) throw invalid(`has more than ${PROGRAM_MAX} instructions`)
  if (compiled.matcher('').find()) throw invalid('matches the empty text')
  return translated
}

function setOf(patterns: readonly string[], flags: number): Matcher {
  const set = new RE2Set(RE2Set.UNANCHORED, flags)
  for (const pattern of patterns) set.add(pattern)
  set.compile()
  const compiled = patterns.map((pattern) => RE2JS.compile(pattern, flags))
  return {
    match: (text) =>
      set.match(text).flatMap((index) => {
        const matcher = compiled[index]?.matcher(text)
        const places: { start: number; end: number }[] = []
        while (matcher?.find() && places.length < MATCHES_MAX) places.push({ start: matcher.start(), end: matcher.end() })
        return places
      }),
  }
}
