import { INGESTION_CHANNELS } from '../../../model/channel.ts'
import { defineDetector } from '../../define-detector.ts'
import { sightPhrases } from '../../mention.ts'
import { wordsOf } from '../../words.ts'
import { cjkOrders } from './cjk.ts'
import { otherLanguages } from './languages.ts'
import { english } from './phrases.ts'

/** Finds orders to drop earlier instructions, to follow others instead, and to show the instructions. */
export const instructionOverride = defineDetector({
  id: 'instruction-override',
  channels: [...INGESTION_CHANNELS, 'arguments'],
  reads: 'every',
  detect: (text) => {
    const sightings = [...sightPhrases(english, text), ...sightPhrases(otherLanguages, text)]
    return wordsOf(text).hasCjk ? [...sightings, ...cjkOrders(text)] : sightings
  },
})
