import { INGESTION_CHANNELS } from '../../../model/channel.ts'
import { defineDetector, type Sighting } from '../../define-detector.ts'
import { spokenSeverity } from '../../mention.ts'
import { distinct, findPhrases, placeOf, type Match } from '../../phrases.ts'
import { wordsOf, type Words } from '../../words.ts'
import { requests } from './phrases.ts'

/** How far behind a request its destination may stand, in UTF-16 units. */
const TARGET_CHARS = 160

/** Finds requests to carry the conversation, the instructions or secrets out: in a link, an image, a message, a parameter. */
export const exfiltrationRequests = defineDetector({
  id: 'exfiltration-requests',
  channels: [...INGESTION_CHANNELS, 'arguments'],
  reads: 'every',
  detect: (text) => {
    const words = wordsOf(text)
    const matches = findPhrases(requests, words)
    if (matches.length === 0) return []
    return distinct(matches.map((match) => sighting(words, match)))
  },
})

/** With an address or a link right behind, a request has a destination, and is one step more severe. */
function sighting(words: Words, match: Match): Sighting {
  const place = placeOf(words, match)
  const hasTarget = /@[\w-]|:\/\/|www\.|!\[/.test(words.text.slice(place.start, place.end + TARGET_CHARS))
  const raised = hasTarget
    ? ({ info: 'low', low: 'medium', medium: 'high', high: 'high' } as const)[match.severity]
    : match.severity
  return { code: match.code, severity: spokenSeverity(words, { ...match, severity: raised }), ...place }
}
