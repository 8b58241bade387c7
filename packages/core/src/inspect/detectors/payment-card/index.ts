import { CHANNELS } from '../../../model/channel.ts'
import { contextOf, isNear, terms } from '../../context.ts'
import { defineDetector, type Sighting } from '../../define-detector.ts'
import { isLuhn } from '../../identifiers/checksums.ts'
import { sight } from '../../identifiers/identifier-types.ts'
import { isOtherNumber, matchForm, neighbours, plainOf, separatorOf, unitKind } from '../../identifiers/written-forms.ts'
import { issuersOf } from './issuers.ts'
import { trackAt } from './track.ts'

/** Lengths of a card number, in digits. */
const DIGITS_MIN = 12
const DIGITS_MAX = 19

/** How a number is printed in groups, by the length of its first group; the usual ones need no word about cards. */
const GROUPED: Readonly<Record<number, readonly string[]>> = {
  4: [
    '0000_0000_0000_0000_000',
    '0000_0000_0000_0000',
    '0000_000000_00000',
    '0000_000000_0000',
    '0000_0000_0000_0',
    '0000_0000_0000',
  ],
  6: ['000000_0000000000000', '000000_0000000000', '000000_000000000', '000000_000000'],
  8: ['00000000_00000000'],
}
/** Digits set apart singly, in pairs, threes or fives, by that size, longest first; such a number needs a word about cards. */
const SPREAD = new Map(
  [1, 2, 3, 5].map((size) => {
    const lengths = Array.from({ length: DIGITS_MAX - DIGITS_MIN + 1 }, (_, i) => DIGITS_MAX - i)
    return [size, lengths.map((length) => '0'.repeat(length).replaceAll(new RegExp(`(0{${size}})(?=0)`, 'g'), '$1_'))] as const
  }),
)

const CARD = terms(
  'card, cards, creditcard, debitcard, cardnumber, cardno, ccnumber, cc, ccn, pan, primary account number, visa, mastercard, amex, american express, discover, jcb, unionpay, maestro, diners, mir, rupay, debit, credit, cvv, cvc, expiry, exp, expires, payment method, karte, kreditkarte, kartennummer, carte, tarjeta, cartão, carta, kaart, karta, 卡号, 银行卡, 信用卡, カード番号, 카드번호',
)

/** Finds numbers of payment cards, and the magnetic stripe of one. */
export const paymentCard = defineDetector({
  id: 'payment-card',
  channels: CHANNELS.filter((channel) => channel !== 'definition'),
  reads: 'every',
  detect: (text, { field }) => {
    const sightings: Sighting[] = []
    let behind = 0
    for (const { 0: found, index } of text.matchAll(CANDIDATE)) {
      // The number may begin with any group of digits in it, as in `12 4111 1111 1111 1111`.
      for (let start = index; start < index + found.length; start++) {
        if (start < behind || unitKind(text, start) !== 1 || unitKind(text, start - 1) === 1) continue
        const seen = cardAt({ text, start, end: groupEnd(text, start), field })
        if (!seen) continue
        sightings.push(seen)
        behind = seen.end
      }
    }
    return sightings
  },
})

/** As many digits as the shortest number has, with at most one other character between two of them. */
const CANDIDATE = /\d(?:[^0-9A-Za-z]?\d){11}/g

function groupEnd(text: string, start: number): number {
  let end = start + 1
  while (end - start <= DIGITS_MAX && unitKind(text, end) === 1) end++
  return end
}

interface Group {
  readonly text: string
  readonly start: number
  /** End of the first group of digits. */
  readonly end: number
  readonly field: string
}

function cardAt(group: Group): Sighting | undefined {
  const { text, start, end } = group
  const length = end - start
  const track = length >= DIGITS_MIN && length <= DIGITS_MAX ? trackAt(text, start, end) : undefined
  if (track)
    return isLuhn(text.slice(start, end)) && issuersOf(text.slice(start, end)).length > 0
      ? sight('card_track', track.start, track.end)
      : undefined
  if (unitKind(text, start - 1) !== 0 || unitKind(text, end) !== 0) return undefined
  if (length >= DIGITS_MIN) return length <= DIGITS_MAX ? judge(group, end, false) : undefined
  for (const form of GROUPED[length] ?? []) {
    const close = matchForm(text, start, form)
    const found = close < 0 ? undefined : judge(group, close, length === 4)
    if (found) return found
  }
  return spread(group)
}

/** A number whose digits are set apart in groups of one small size, and which is not the tail of a longer list. */
function spread({ text, start, end, field }: Group): Sighting | undefined {
  if (separatorOf(text.charCodeAt(start - 1)) !== 0 && unitKind(text, start - 2) === 1) return undefined
  // Two more groups must follow at the same distance.
  const step = end - start + 1
  if (![end, end + step].every((at) => separatorOf(text.charCodeAt(at)) !== 0 && unitKind(text, at + 1) === 1)) return undefined
  for (const form of SPREAD.get(end - start) ?? []) {
    const close = matchForm(text, start, form)
    if (close > 0) return judge({ text, start, end: start, field }, close, false)
  }
  return undefined
}

/** `isPrinted`: in the groups that are printed on cards. */
function judge({ text, start, end, field }: Group, close: number, isPrinted: boolean): Sighting | undefined {
  const surrounded = neighbours(text, start, close)
  if (surrounded === 'joined') return undefined
  const digits = plainOf(text, start, close)
  const issuers = issuersOf(digits)
  if (issuers.length === 0 || !isLuhn(digits) || isOneDigit(digits)) return undefined
  const context = contextOf({ text, start, end: close, field })
  if (isNear(context, CARD)) return sight('payment_card', start, close)
  const isSolid = end === close
  const isFree = surrounded === 'free' || (isSolid && !isInPath(text, start, close))
  const isSure = issuers.some(
    ({ sureLengths }) =>
      sureLengths.includes(digits.length) || (isPrinted && sureLengths.length > 0 && digits.length > DIGITS_MIN + 1),
  )
  if (!isFree || !isSure || !(isPrinted || isSolid)) return undefined
  return isSolid && isOtherNumber(context) ? undefined : sight('payment_card', start, close)
}

/** Part of a path, an address or a name such as `order-4111…`. A solid number in a row of others may well be a card. */
function isInPath(text: string, start: number, end: number): boolean {
  return ('-_/:@'.includes(text[start - 1] ?? ' ') && unitKind(text, start - 2) !== 0) || '-_/@'.includes(text[end] ?? ' ')
}

/** Zeros or ones all through pass Luhn and are nobody's. */
function isOneDigit(digits: string): boolean {
  return digits === digits.charAt(0).repeat(digits.length)
}
