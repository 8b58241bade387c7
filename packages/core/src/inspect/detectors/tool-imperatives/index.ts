import type { Channel } from '../../../model/channel.ts'
import { defineDetector, type Sighting } from '../../define-detector.ts'
import { spokenSeverity } from '../../mention.ts'
import { distinct, findPhrases, placeOf, type Match } from '../../phrases.ts'
import { wordsOf, type Words } from '../../words.ts'
import { signals } from './phrases.ts'

/** How far signals may stand apart to speak for each other, in words. */
const NEAR_WORDS = 80
/** How far behind a signal an address or a link is its target, in UTF-16 units. */
const TARGET_CHARS = 300
/** Most sightings in one text. */
const SIGHTINGS_MAX = 6

/** Third-party channels. What the user and the agents of the company say may order tools to be used. */
const CHANNELS: readonly Channel[] = ['tool', 'database', 'document', 'email', 'web', 'retrieval', 'memory', 'agent']

type Signal = 'address' | 'authority' | 'preempt' | 'conceal' | 'tool_order' | 'fake_completion'

/** What a signal says on its own; a plain order to use something is language and says nothing. */
const ALONE: Readonly<Record<Signal, Sighting['severity'] | undefined>> = {
  address: 'low',
  authority: 'low',
  preempt: 'low',
  conceal: 'low',
  tool_order: undefined,
  fake_completion: 'low',
}

/**
 * Finds orders to the assistant in what other people wrote. One signal is weak; two different ones near each other are a
 * suspicion, and three, or an order with a target that the assistant is addressed with, are an attack.
 */
export const toolImperatives = defineDetector({
  id: 'tool-imperatives',
  channels: CHANNELS,
  reads: 'every',
  detect: (text) => {
    const words = wordsOf(text)
    const matches = findPhrases(signals, words)
    return matches.length === 0 ? [] : judge(words, matches)
  },
})

function judge(words: Words, matches: readonly Match<Signal>[]): readonly Sighting[] {
  const sightings: Sighting[] = []
  for (const match of matches) {
    const near = new Set(
      matches
        .filter(({ first, last }) => first <= match.last + NEAR_WORDS && last >= match.first - NEAR_WORDS)
        .map(({ code }) => code),
    )
    const severity = together(match.code, near, hasTarget(words, match))
    if (severity === undefined) continue
    const spoken = spokenSeverity(words, { ...match, severity })
    sightings.push({ code: match.code, severity: spoken, ...placeOf(words, match) })
  }
  return distinct(sightings).slice(0, SIGHTINGS_MAX)
}

function together(code: Signal, near: ReadonlySet<Signal>, isAimed: boolean): Sighting['severity'] | undefined {
  const alone = ALONE[code]
  if (alone === undefined) return undefined
  const weighty = [...near].filter((signal) => signal !== 'tool_order').length
  const isOrder = near.has('tool_order')
  if (weighty >= 3 || (weighty === 2 && isOrder)) return 'high'
  // "Before you start, you must send the form to …" is an office; "Dear AI, you must send the form to …" is not.
  if (isOrder && isAimed && code !== 'preempt') return 'high'
  return weighty === 2 || isOrder ? 'medium' : alone
}

/** Whether an address or a link stands behind the signal. */
function hasTarget({ text, starts }: Words, { last }: Match): boolean {
  const start = starts[last] ?? 0
  return /@[\w-]|:\/\/|www\./.test(text.slice(start, start + TARGET_CHARS))
}
