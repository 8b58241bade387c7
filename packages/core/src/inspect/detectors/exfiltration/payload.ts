import { percentDecoded, type WebTarget } from '../../../normalise/web-target.ts'
import { looksRandom } from '../../randomness.ts'
import { decodedText } from './decoded-text.ts'

/**
 * How much a URL carries: `none`; `some`, opaque or written text that an ordinary link seldom has; `much`, text that was encoded,
 * personal data, or more than any link needs; `slot`, a place in the query that somebody is asked to fill in.
 */
export type Payload = 'none' | 'some' | 'much' | 'slot'

/** Units of path, query and fragment above which they are `much`, and of one opaque value. */
const WHOLE_UNITS_MAX = 1_500
const OPAQUE_UNITS_MIN = 32
const OPAQUE_UNITS_MAX = 160
/** Most values looked at in one URL. */
const VALUES_MAX = 60

const RANK = { none: 0, some: 1, much: 2, slot: 3 } as const

/** What the parts of a URL carry that its author could have filled in. */
export function payloadOf({ userinfo, path, query, fragment }: WebTarget): Payload {
  let worst: Payload =
    path.length + query.length + fragment.length > WHOLE_UNITS_MAX ? 'much' : userinfo.length >= 4 ? 'some' : 'none'
  const note = (payload: Payload) => {
    if (RANK[payload] > RANK[worst]) worst = payload
  }
  for (const value of [userinfo, ...path.split(/[/\\;]/, VALUES_MAX)]) {
    const payload = carried(value, '')
    // Paths of documented interfaces have such places too.
    note(payload === 'slot' ? 'much' : payload)
  }
  for (const pair of [...query.split(/[&;]/, VALUES_MAX), ...fragment.split('&', VALUES_MAX)]) {
    const equals = pair.indexOf('=')
    const name = equals < 0 ? '' : pair.slice(0, equals).toLowerCase()
    const value = pair.slice(equals + 1)
    note(carried(value, name))
    // The name can carry as well as the value.
    if (name.length >= 16) note(carried(name, ''))
  }
  return worst
}

/** Names that say that what was seen or said follows. */
const TELLING =
  /^(?:data|d|payload|secrets?|tokens?|leak|exfil|loot|stolen|dump|content|body|contents|conversation|history|chat|memory|context|prompt|system|answer|summary|notes?|msg|message|text|info|cookies?|c|creds?|credentials|passwords?|pw|pass|keys?|apikey|api_key|ssn|card|cc|iban|email|e?mail|mails|phone|user|users|username|account|balance|env|file|result|output|log|x|b64|hex|enc)$/
/** Names of what people type into a search box or are shown. */
const SEARCHED = /^(?:q|query|search|s|k|keyword|keywords|term|title|subject|filter|sort|utm_[a-z]{1,20}|ref|lang|locale)$/
/** Somebody is to put something here: `{data}`, `[THE NAME`, `<secret>`, `${x}`, `INSERT_DATA_HERE`. */
const SLOT =
  /\{{1,2} ?[A-Za-z_][\w .-]{0,60} ?\}{1,2}|^\W{0,2}(?:[[<]{1,2}[A-Za-z][\w .,'’:/-]{0,80}|\$\{[^}]{1,80}\}|%[A-Z_]{3,40}%|[A-Z]{2,20}(?:_[A-Z]{2,20}){1,6})\W{0,2}$/
/** An address, and runs of digits such as those of cards, accounts and social security numbers. */
const PERSONAL = /[\w.+-]{1,64}@[\w-]{1,63}\.[a-z]{2,24}|(?:\d[ -]?){12,19}|\b\d{3}-\d{2}-\d{4}\b/i

function carried(raw: string, name: string): Payload {
  if (raw.length < 4) return 'none'
  const value = percentDecoded(raw.replaceAll('+', ' '))
  if (SLOT.test(value)) return 'slot'
  if (value.length < 8) return 'none'
  const decoded = decodedText(raw)
  if (decoded !== undefined) return 'much'
  // Percent signs where nothing had to be escaped.
  if (raw.length >= 24 && raw.length > value.length * 2.4 && /[A-Za-z0-9]{6}/.test(value)) return 'much'
  const isTelling = TELLING.test(name)
  if (isTelling && PERSONAL.test(value)) return 'much'
  if (looksOpaque(value))
    return value.length >= OPAQUE_UNITS_MAX ? 'much' : value.length >= OPAQUE_UNITS_MIN || isTelling ? 'some' : 'none'
  if (PERSONAL.test(value) && !/^https?:/i.test(value) && /[ @-]/.test(value)) return 'some'
  if (isTelling && value.length >= 12) return value.length >= 200 ? 'much' : 'some'
  return value.length >= 120 && !SEARCHED.test(name) && value.includes(' ') ? 'some' : 'none'
}

/** Letters and digits that were generated; a commit or UUID in a path is one, short enough not to matter. */
function looksOpaque(value: string): boolean {
  return (
    !value.includes(' ') &&
    !/^[0-9a-f]{40}$|^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value) &&
    looksRandom(value)
  )
}
