import { CHANNELS } from '../../../model/channel.ts'
import { defineDetector, type Detector, type Sighting } from '../../define-detector.ts'
import type { Span } from '../../reading/view.ts'
import { termAutomaton, type TermAutomaton } from '../../term-automaton.ts'
import { foldCase, isWordPart, keepCase } from './fold.ts'

/** A class of data that the configuration defines by its words and patterns (R288). */
export interface CustomClass {
  /** The class findings carry, such as `deal-names`. */
  readonly name: string
  readonly terms: readonly string[]
  /** Compiled patterns. Each finds its places in time linear in the text, and bounds their number. */
  readonly patterns?: readonly { readonly match: (text: string) => readonly Span[] }[]
  /** Whether a letter or digit beside a term means that it is part of another word. */
  readonly wholeWords: boolean
  readonly caseSensitive: boolean
  readonly severity: Sighting['severity']
}

/** Most sightings of one class in one text. */
const SIGHTINGS_MAX = 5_000

/**
 * Finds the terms and patterns of custom classes: up to 100,000 terms in one pass, whose time does not depend on their number.
 * Any run of white space in a term or text is one blank. Codes: `dictionary_term`, `dictionary_pattern`.
 */
export function dictionaryDetector(dictionaries: readonly CustomClass[]): Detector {
  const passes = [
    passOf(
      dictionaries.filter(({ caseSensitive }) => !caseSensitive),
      false,
    ),
    passOf(
      dictionaries.filter(({ caseSensitive }) => caseSensitive),
      true,
    ),
  ]
  const withPatterns = dictionaries.filter(({ patterns = [] }) => patterns.length > 0)
  return defineDetector({
    id: 'dictionary',
    channels: CHANNELS.filter((channel) => channel !== 'definition'),
    reads: 'every',
    detect: (text) => [
      ...passes.flatMap((pass) => pass(text)),
      ...withPatterns.flatMap((dictionary) => patternsIn(text, dictionary)),
    ],
  })
}

type Pass = (text: string) => readonly Sighting[]

/** One automaton for all dictionaries that compare alike. */
function passOf(dictionaries: readonly CustomClass[], isCaseSensitive: boolean): Pass {
  const fold = isCaseSensitive ? keepCase() : foldCase()
  const classesOf = new Map<string, CustomClass[]>()
  for (const dictionary of dictionaries)
    for (const term of new Set(dictionary.terms.flatMap((written) => forms(written, isCaseSensitive)))) {
      const sharing = classesOf.get(term)
      if (sharing) sharing.push(dictionary)
      else classesOf.set(term, [dictionary])
    }
  if (classesOf.size === 0) return () => []
  const owners = [...classesOf.values()]
  const find = termAutomaton([...classesOf.keys()], fold)
  return (text) => termsIn(text, find, owners)
}

/** A term as it is written and as the folded reading has it; white space as one blank, since the text is read so. */
function forms(term: string, isCaseSensitive: boolean): readonly string[] {
  const plain = term.trim().replaceAll(/\s{1,200}/g, ' ')
  const cased = isCaseSensitive ? plain : plain.toLowerCase()
  const folded = cased.normalize('NFKD').replaceAll(/\p{M}/gu, '').normalize('NFC')
  return [cased, folded].filter((form) => form !== '')
}

function termsIn(text: string, find: TermAutomaton, owners: readonly (readonly CustomClass[])[]): readonly Sighting[] {
  const seen = new Map<CustomClass, Sighting[]>()
  find(text, ({ term, start, end }) => {
    for (const owner of owners[term] ?? []) {
      if (owner.wholeWords && (isWordPart(text, start - 1) || isWordPart(text, end))) continue
      note(seen, owner, { code: 'dictionary_term', severity: owner.severity, class: owner.name, start, end })
    }
    return true
  })
  return [...seen.values()].flat()
}

/** A longer term takes the place of a shorter one that it covers. */
function note(seen: Map<CustomClass, Sighting[]>, owner: CustomClass, sighting: Sighting): void {
  const own = seen.get(owner) ?? []
  seen.set(owner, own)
  const last = own.at(-1)
  if (last && sighting.start <= last.start && sighting.end >= last.end) own.pop()
  else if (last && sighting.start < last.end) return
  if (own.length < SIGHTINGS_MAX) own.push(sighting)
}

function patternsIn(text: string, { patterns = [], name, severity }: CustomClass): readonly Sighting[] {
  const found = patterns.flatMap(({ match }) => match(text))
  return found
    .filter(({ start, end }) => start >= 0 && start < end && end <= text.length)
    .slice(0, SIGHTINGS_MAX)
    .map(({ start, end }) => ({ code: 'dictionary_pattern', severity, class: name, start, end }))
}
