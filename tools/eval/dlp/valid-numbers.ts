import { createHash } from 'node:crypto'
import type { Random } from '../crash/seeded.ts'
import { ibanDigits, luhnDigit, mod1110Digit, search, sum, verhoeffDigit, zoneDigit } from './check-digits.ts'
import { CAPITALS, DIGITS, grouped, padded, pick, some } from './make-text.ts'

/** One kind of identifier: how to make a valid one, and the words people put in front of it. */
export interface NumberSource {
  readonly make: (random: Random) => string
  /** Words that name it; the last one is the name of a member. */
  readonly labels: readonly string[]
  /** The part that the check covers, where that is not the whole. */
  readonly checked?: RegExp
}

const CARDS: readonly (readonly [prefix: string, length: number, groups: readonly number[]])[] = [
  ['4', 16, [4, 4, 4, 4]],
  ['51', 16, [4, 4, 4, 4]],
  ['55', 16, [4, 4, 4, 4]],
  ['2345', 16, [4, 4, 4, 4]],
  ['34', 15, [4, 6, 5]],
  ['37', 15, [4, 6, 5]],
  ['36', 14, [4, 6, 4]],
  ['6011', 16, [4, 4, 4, 4]],
  ['65', 16, [4, 4, 4, 4]],
  ['3540', 16, [4, 4, 4, 4]],
  ['62', 16, [4, 4, 4, 4]],
  ['62', 19, [4, 4, 4, 4, 3]],
  ['6304', 16, [4, 4, 4, 4]],
]

const IBANS: readonly (readonly [country: string, account: (random: Random) => string])[] = [
  ['DE', (random) => some(random, 18)],
  ['FR', (random) => some(random, 10) + some(random, 11, DIGITS + CAPITALS) + some(random, 2)],
  ['GB', (random) => some(random, 4, CAPITALS) + some(random, 14)],
  ['NL', (random) => some(random, 4, CAPITALS) + some(random, 10)],
  ['ES', (random) => some(random, 20)],
  ['PL', (random) => some(random, 24)],
  ['CH', (random) => some(random, 17)],
  ['NO', (random) => some(random, 11)],
]

/** Kinds whose values carry a check digit, letter or sum. */
export const CHECKED: Readonly<Record<string, NumberSource>> = {
  payment_card: {
    labels: ['card number', 'my credit card', 'Visa card', 'cardNumber'],
    make: (random) => {
      const [prefix, length, groups] = pick(random, CARDS)
      const body = prefix + some(random, length - 1 - prefix.length)
      const number = body + luhnDigit(body)
      return pick(random, [number, grouped(number, groups, ' '), grouped(number, groups, '-')])
    },
  },
  card_track: {
    labels: ['swipe', 'track', 'magstripe'],
    checked: /\d{16}/,
    make: (random) => {
      const body = `4${some(random, 14)}`
      const number = body + luhnDigit(body)
      return pick(random, [`%B${number}^ROE/JANE^2912101${some(random, 9)}?`, `;${number}=2912101${some(random, 9)}?`])
    },
  },
  iban: {
    labels: ['IBAN', 'account', 'iban'],
    make: (random) => {
      const [country, account] = pick(random, IBANS)
      const bban = account(random)
      const number = country + ibanDigits(country, bban) + bban
      return pick(random, [number, number.replaceAll(/(.{4})(?=.)/g, '$1 ')])
    },
  },
  npi: {
    labels: ['NPI', 'provider NPI', 'npi'],
    make: (random) => {
      const body = `1${some(random, 8)}`
      return body + luhnDigit(`80840${body}`)
    },
  },
  aadhaar: {
    labels: ['Aadhaar', 'Aadhaar number', 'aadhaarNumber'],
    make: (random) => {
      const body = pick<string>(random, '23456789') + some(random, 10)
      const number = body + verhoeffDigit(body)
      return pick(random, [number, grouped(number, [4, 4, 4], ' ')])
    },
  },
  uk_nhs_number: {
    labels: ['NHS number', 'NHS no', 'nhsNumber'],
    make: (random) => {
      for (;;) {
        const body = some(random, 9)
        const check = search((digit) => sum(body + digit, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0)
        if (check !== '') return pick(random, [body + check, grouped(body + check, [3, 3, 4], ' ')])
      }
    },
  },
  ca_sin: {
    labels: ['SIN', 'social insurance number', 'sin'],
    make: (random) => {
      const body = pick<string>(random, '1234567') + some(random, 7)
      return pick(random, [' ', '-', '']) === '' ? body + luhnDigit(body) : grouped(body + luhnDigit(body), [3, 3, 3], ' ')
    },
  },
  de_tax_id: {
    labels: ['Steuer-ID', 'tax ID', 'steuerId'],
    make: (random) => {
      // Nine different digits and one of them again.
      const digits = Array.from(DIGITS)
      while (digits.length > 9) digits.splice(random(10), 1)
      digits.push(pick(random, digits))
      digits.sort(() => random(3) - 1)
      const body = digits.join('')
      if (body.startsWith('0') || /(.)\1/.test(body)) return CHECKED['de_tax_id']?.make(random) ?? ''
      return pick(random, [body + mod1110Digit(body), grouped(body + mod1110Digit(body), [2, 3, 3, 3], ' ')])
    },
  },
  fr_nir: {
    labels: ['NIR', 'numéro de sécurité sociale', 'nir'],
    make: (random) => {
      const body =
        pick<string>(random, '12') + some(random, 2) + padded(1 + random(12), 2) + padded(1 + random(95), 2) + some(random, 6)
      const number = body + padded(97 - Number(BigInt(body) % 97n), 2)
      return pick(random, [number, grouped(number, [1, 2, 2, 2, 3, 3, 2], ' ')])
    },
  },
  es_dni: {
    labels: ['DNI', 'NIF', 'dni'],
    make: (random) => {
      const body = some(random, 8)
      return body + pick(random, ['', '-']) + 'TRWAGMYFPDXBNJZSQVHLCKE'.charAt(Number(body) % 23)
    },
  },
  it_codice_fiscale: { labels: ['codice fiscale', 'CF', 'codiceFiscale'], make: codiceFiscale },
  br_cpf: {
    labels: ['CPF', 'cpf', 'meu CPF'],
    make: (random) => {
      const body = some(random, 9)
      const first = body + brazilian(body, [10, 9, 8, 7, 6, 5, 4, 3, 2])
      const number = first + brazilian(first, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
      return pick(random, [number, `${grouped(number.slice(0, 9), [3, 3, 3], '.')}-${number.slice(9)}`])
    },
  },
  br_cnpj: {
    labels: ['CNPJ', 'cnpj'],
    make: (random) => {
      const body = some(random, 8) + padded(1 + random(20), 4)
      const first = body + brazilian(body, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
      const number = first + brazilian(first, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
      return pick(random, [number, `${grouped(number.slice(0, 8), [2, 3, 3], '.')}/${number.slice(8, 12)}-${number.slice(12)}`])
    },
  },
  au_tfn: {
    labels: ['TFN', 'tax file number', 'tfn'],
    make: (random) => {
      for (;;) {
        const body = some(random, 8)
        const check = search((digit) => sum(body + digit, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0)
        if (check !== '') return pick(random, [body + check, grouped(body + check, [3, 3, 3], ' ')])
      }
    },
  },
  au_medicare: {
    labels: ['Medicare', 'Medicare card', 'medicareNumber'],
    // The last digit tells the issue of the card.
    checked: /^[\d ]+(?=\d$)/,
    make: (random) => {
      const body = pick<string>(random, '23456') + some(random, 7)
      const number = `${body}${sum(body, [1, 3, 7, 9, 1, 3, 7, 9]) % 10}1`
      return pick(random, [number, grouped(number, [4, 5, 1], ' ')])
    },
  },
  pl_pesel: {
    labels: ['PESEL', 'numer PESEL', 'pesel'],
    make: (random) => {
      const body = some(random, 2) + padded(1 + random(12), 2) + padded(1 + random(28), 2) + some(random, 4)
      return body + search((digit) => sum(body + digit, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0)
    },
  },
  passport_mrz: { labels: ['passport page', 'scan', 'mrz'], make: zone },
  crypto_address: { labels: ['wallet', 'BTC address', 'walletAddress'], make: cryptoAddress },
}

function brazilian(text: string, weights: readonly number[]): string {
  const rest = sum(text, weights) % 11
  return String(rest < 2 ? 0 : 11 - rest)
}

const ODD_PLACES = 'BAKPLCQDREVOSFTGUHMINJWZYX'

function codiceFiscale(random: Random): string {
  const name = some(random, 3, 'BCDFGLMNPRSTVZ') + some(random, 3, 'BCDFGLMNPRSTVZ')
  const born = some(random, 2) + pick<string>(random, 'ABCDEHLMPRST') + padded(1 + random(28) + 40 * random(2), 2)
  const body = name + born + pick<string>(random, 'ABCDEFGHIL') + some(random, 3)
  // The published table, read as the place of each character in the order of its odd value.
  const total = Array.from(body, (char, i) => {
    const place = Number.parseInt(char, 36) - (char > '9' ? 10 : 0)
    return i % 2 === 0 ? ODD_PLACES.indexOf(CAPITALS.charAt(place)) : place
  }).reduce((a, b) => a + b)
  return body + CAPITALS.charAt(total % 26)
}

function zone(random: Random): string {
  const number = some(random, 2, CAPITALS) + some(random, 7)
  const birth = some(random, 2) + padded(1 + random(12), 2) + padded(1 + random(28), 2)
  const expiry = `3${some(random, 1)}${padded(1 + random(12), 2)}${padded(1 + random(28), 2)}`
  const first = `${number}${zoneDigit(number)}`
  const middle = `${birth}${zoneDigit(birth)}`
  const last = `${expiry}${zoneDigit(expiry)}${'<'.repeat(14)}0`
  const line = `${first}UTO${middle}F${last}`
  return `P<UTOROE<<JANE${'<'.repeat(30)}\n${line}${zoneDigit(first + middle + last)}`
}

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Base58Check of Bitcoin, Litecoin, Dogecoin and Tron, by their version bytes. */
function cryptoAddress(random: Random): string {
  const body = Buffer.from([pick(random, [0, 5, 48, 50, 30, 65]), ...Array.from({ length: 20 }, () => random(256))])
  const twice = createHash('sha256').update(createHash('sha256').update(body).digest()).digest()
  const whole = Buffer.concat([body, twice.subarray(0, 4)])
  let rest = BigInt(`0x${whole.toString('hex')}`)
  let text = ''
  for (; rest > 0n; rest /= 58n) text = BASE58.charAt(Number(rest % 58n)) + text
  return '1'.repeat(whole.findIndex((byte) => byte !== 0)) + text
}
