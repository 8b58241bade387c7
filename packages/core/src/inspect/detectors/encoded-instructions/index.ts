import { INGESTION_CHANNELS } from '../../../model/channel.ts'
import { defineDetector } from '../../define-detector.ts'
import { sightPhrases } from '../../mention.ts'
import { phraseBook } from '../../phrases.ts'

const sets = {
  DECODE:
    'decode decrypt decipher deobfuscate unscramble unencode translate convert reverse interpret unobfuscate decodes decoding decrypting deciphering decoded',
  CODE: 'base64 b64 base32 rot13 rot 13 hex hexadecimal morse binary ascii caesar cipher ciphertext encoded encrypted encoding unicode backwards reversed leetspeak',
  DO: 'follow obey execute perform comply do run answer respond act carry fulfil fulfill complete heed',
  IT: 'it them that what whatever this result output instruction instructions command commands order orders request task tasks question message contents says says accordingly',
} as const

/** `decode_and_obey`: read what is encoded and do it. `encoded_answer`: answer in an encoding, which hides what is said. */
const encodings = phraseBook(sets, [
  [
    'decode_and_obey',
    'high',
    'DECODE ~8 CODE ~12 and/then ~3 follow/obey/execute/perform/comply/do ~3 IT',
    'DECODE ~6 and/then ~2 follow/obey/execute/comply ~3 IT',
    'follow/obey/execute/comply ~4 encoded/decoded/base64/hex/rot13/encrypted/hidden/obfuscated ~2 instruction/instructions/command/commands/order/orders/message/request/directive',
    'instructions/instruction/commands/orders/task ~2 is/are/below/following/come ~3 base64/rot13/hex/encoded/encrypted ~8 follow/obey/execute/do',
    'once/after/when ~2 decoded ~4 follow/obey/execute/do/perform/answer ~3 IT',
  ],
  [
    'decode_and_obey',
    'medium',
    'DECODE ~8 CODE ~8 and/then ~3 DO',
    'DECODE ~4 and ~1 execute/run/obey/follow',
    'first/last/capital ~2 letter/letters/word/words ~1 of each/every ~8 and/then/to ~4 DO',
    'first/last/capital ~2 letter/letters/word/words ~1 of each/every ~6 spell/spells/form/forms ~6 instruction/instructions/command/request',
    'answer/respond/follow ~4 base64/rot13/hex/morse ~1 instruction/instructions/question/message/request/prompt',
  ],
  [
    'encoded_answer',
    'low',
    'answer/respond/reply/output/write ~3 only ~1 in base64/rot13/hex/morse/binary/encoded',
    'encode ~4 answer/response/reply/output/prompt/instructions ~3 base64/rot13/hex/morse/binary',
    'respond/answer/reply ~1 in base64/rot13/hex/morse',
  ],
])

/** Finds requests to decode something and do what it says. What is decoded is a reading of its own, read by every rule. */
export const encodedInstructions = defineDetector({
  id: 'encoded-instructions',
  channels: INGESTION_CHANNELS,
  reads: 'every',
  detect: (text) => sightPhrases(encodings, text),
})
