import { CHANNELS } from '../../../model/channel.ts'
import { contextOf, isNear, terms, type Place } from '../../context.ts'
import { defineDetector, type Sighting } from '../../define-detector.ts'
import { sight } from '../../identifiers/identifier-types.ts'
import { unitKind } from '../../identifiers/written-forms.ts'
import { isBase58Address } from './base58.ts'
import { isBech32Address } from './bech32.ts'
import { isEip55 } from './eip55.ts'

const CHARS_MIN = 25
const CHARS_MAX = 90

/** Needed near an Ethereum address of one case, which carries no checksum. */
const ETHEREUM = terms(
  'ethereum, eth, ether, wallet, address, erc, usdt, usdc, token, metamask, crypto, contract, payout, deposit, polygon',
)

/** Finds addresses of Bitcoin, Litecoin, Dogecoin, Dash, Tron and Ethereum whose checksum holds. */
export const cryptoAddress = defineDetector({
  id: 'crypto-address',
  channels: CHANNELS.filter((channel) => channel !== 'definition'),
  reads: 'every',
  detect: (text, { field }) => {
    const sightings: Sighting[] = []
    // A word of CHARS_MIN covers one of every so many places. Each is read to its end at once, so nothing is read twice.
    for (let at = CHARS_MIN - 1; at < text.length; at += CHARS_MIN) {
      if (unitKind(text, at) === 0) continue
      let start = at
      while (unitKind(text, start - 1) !== 0) start--
      let end = at + 1
      while (unitKind(text, end) !== 0) end++
      at = end
      if (end - start < CHARS_MIN || end - start > CHARS_MAX) continue
      if (isAddress({ text, start, end, field })) sightings.push(sight('crypto_address', start, end))
    }
    return sightings
  },
})

function isAddress(place: Place): boolean {
  const word = place.text.slice(place.start, place.end)
  if (/^0x[0-9a-f]{40}$/i.test(word)) return isEip55(word) || (isOneCase(word) && isNear(contextOf(place), ETHEREUM))
  if (/^(?:bc|ltc)1/i.test(word)) return isBech32Address(word)
  return word.length <= 36 && isBase58Address(word)
}

function isOneCase(word: string): boolean {
  const hex = word.slice(2)
  return hex === hex.toLowerCase() || hex === hex.toUpperCase()
}
