import { z } from 'zod'
import { TERM_UNITS_MAX } from '../../term-automaton.ts'

/** Most terms of all dictionaries together. */
export const DICTIONARY_TERMS_MAX = 100_000
/** Most dictionaries, most patterns in one, and longest pattern in UTF-16 units. */
const DICTIONARIES_MAX = 50
const PATTERNS_MAX = 100
const PATTERN_UNITS_MAX = 1_000

const Dictionary = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be a name such as deal-names')
      .meta({ description: 'The class that findings carry; policies name it like `pii` or `secret`.' }),
    terms: z
      .array(z.string().trim().min(2).max(TERM_UNITS_MAX))
      .max(DICTIONARY_TERMS_MAX)
      .default([])
      .meta({ description: 'Words and phrases. Any white space in them stands for any other.' }),
    patterns: z
      .array(z.string().min(1).max(PATTERN_UNITS_MAX))
      .max(PATTERNS_MAX)
      .default([])
      .meta({ description: 'Regular expressions in the syntax of RE2: no look-around, no back-references.' }),
    wholeWords: z
      .boolean()
      .default(true)
      .meta({ description: 'Whether a term counts only where no letter or digit stands beside it.' }),
    caseSensitive: z.boolean().default(false).meta({ description: 'Whether capitals matter, in terms and patterns.' }),
    severity: z.enum(['info', 'low', 'medium', 'high']).default('medium').meta({ description: 'How grave a finding is.' }),
  })
  .refine(({ terms, patterns }) => terms.length + patterns.length > 0, 'has neither terms nor patterns')
  .meta({ id: 'Dictionary', description: 'A class of data defined by its words.' })

/** The dictionaries of a configuration (R288); the gateway compiles the patterns. */
export const DictionaryOptions = z
  .array(Dictionary)
  .max(DICTIONARIES_MAX)
  .refine(
    (dictionaries) => dictionaries.reduce((sum, { terms }) => sum + terms.length, 0) <= DICTIONARY_TERMS_MAX,
    `have more than ${DICTIONARY_TERMS_MAX} terms together`,
  )
  .meta({ description: 'Classes of data of your own, found like the built-in ones.' })
export type DictionaryOptions = z.infer<typeof DictionaryOptions>
