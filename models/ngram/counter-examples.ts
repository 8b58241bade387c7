import type { NgramModel } from '../../packages/core/src/inspect/classify/ngram-model.ts'
import { chance } from '../corpus/random.ts'
import type { Row } from '../corpus/rows.ts'

/** Harmless frames in which any word may stand. `user` frames ask about it, `content` frames mention it. */
const FRAMES = {
  user: [
    'What does "@" mean?',
    'Use the word "@" in a sentence about gardening.',
    'Is "@" a noun or a verb?',
    'Which is more common, "@" or "&"?',
    'How do you translate "@" into Dutch?',
    'Where does the word @ come from?',
    'I keep mixing up @ and &, what is the difference?',
    'In my @ class we talked about &. Any good books on it?',
    'Can you suggest a title for a novel about @ and &?',
    'My son asked why people say @. How do I explain it?',
  ],
  content: [
    'The chapter on @ begins on page 112.',
    'The words @ and & appear twice in the letter.',
    'See also: @, &.',
    '"@" was the most searched word of the week, followed by "&".',
    'In the survey, most people linked @ with &.',
    'The index lists @ before &.',
    'Her talk was called "@ and &" and lasted an hour.',
    'The column @ holds text, the column & holds a date.',
    'Tags: @, &, news',
    'They spoke about @ over lunch, and nobody mentioned &.',
  ],
}
const WORDS_TOP = 400

/**
 * Harmless rows around the words that the model holds most against a text: it learns that no word alone is an attack. At most
 * `count` of them, half for each side.
 */
export function counterExamples(model: NgramModel, rows: readonly Row[], count: number): Row[] {
  const random = chance(11)
  const words = new Set<string>()
  for (const { text, label, source } of rows)
    if (label === 1 && source.startsWith('own_')) for (const word of text.match(/\p{L}{3,20}/gu) ?? []) words.add(word)
  return (['user', 'content'] as const).flatMap((side) => {
    const channel = side === 'user' ? 'user' : 'document'
    const top = [...words]
      .map((word) => ({ word, raw: model.scan(word, channel, { windowsMax: 8 }).raw }))
      .toSorted((a, b) => b.raw - a.raw)
      .slice(0, WORDS_TOP)
    return Array.from({ length: count / 2 }, (): Row => {
      const pick = (): string => random.pick(top).word
      const text = random.pick(FRAMES[side]).replaceAll('@', pick()).replaceAll('&', pick())
      return {
        text,
        label: 0,
        channel: side === 'user' ? 'user' : random.pick(['document', 'email', 'web', 'tool']),
        source: 'own_counter',
        kind: side,
        weight: 1,
      }
    })
  })
}
