import { CHANNELS } from '../../../model/channel.ts'
import type { PhoneFinder } from '../../../ports/phone-finder.ts'
import { contextOf, isNear, terms } from '../../context.ts'
import { defineDetector, type Detector } from '../../define-detector.ts'
import { sight } from '../../identifiers/identifier-types.ts'
import type { Span } from '../../reading/view.ts'
import { emails } from './emails.ts'
import { ipAddresses } from './ip-addresses.ts'

const PHONE = terms(
  'phone, telephone, tel, mobile, cell, fax, call, called, dial, ring, text me, text us, sms, voicemail, whatsapp, handy, telefon, telefono, teléfono, téléphone, mobil, móvil, portable, contact number, contact no, landline, extension, hotline, helpline, reach me, reach us, reach him, reach her, 电话, 手机, 電話, 携帯, 전화',
)

/**
 * Finds e-mail addresses, IP addresses and, by means of `findPhones`, telephone numbers. A number counts when it is written
 * internationally, with its area code in brackets or in the North American form, or when words such as `call` stand near it.
 */
export function contactDetector({ findPhones }: { readonly findPhones: PhoneFinder }): Detector {
  return defineDetector({
    id: 'contact',
    channels: CHANNELS.filter((channel) => channel !== 'definition'),
    reads: 'every',
    detect: (text, { field }) => {
      const others = [...emails(text), ...ipAddresses(text)]
      const phones = findPhones(text, (span) => isWorthwhile(text, span, field))
      return [...others, ...phones.map(({ start, end }) => sight('phone', start, end))]
    },
  })
}

/** `contact` without telephone numbers; the gateway puts the one with its numbering plans in its place. */
export const contact = contactDetector({ findPhones: () => [] })

/** International, with an area code in brackets, or as North Americans print theirs, `202-555-0143`. */
const PRINTED = /^(?:\+|\(\d{2,5}\)[ -]?\d|[2-9]\d{2}([-.])[2-9]\d{2}\1\d{4}(?:x\d{1,5})?$)/i

/** Whether a candidate may count at all: by the way it is written, or because it is announced. */
function isWorthwhile(text: string, span: Span, field: string): boolean {
  const number = text.slice(span.start, span.end)
  return PRINTED.test(number) || isNear(contextOf({ text, ...span, field }), PHONE)
}
