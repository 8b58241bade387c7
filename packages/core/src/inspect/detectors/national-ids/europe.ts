import { terms } from '../../context.ts'
import { isMod1110, mod97, valueOf, weightedSum } from '../../identifiers/checksums.ts'
import type { Kind } from '../../identifiers/written-forms.ts'

const DIGITS = '0123456789'
const DNI_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE'

/** Identifiers of the United Kingdom, Germany, France, Spain, Italy and Poland. */
export const EUROPE: readonly Kind[] = [
  {
    code: 'uk_nino',
    bare: ['AA 00 00 00 A'],
    labelled: ['AA000000A', 'AA 000000 A', 'AA-00-00-00-A'],
    context: terms('nino, ni number, national insurance, ni no, nin'),
    // HMRC: letters never used, prefixes never given out.
    isValid: (plain) => /^[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z]\d{6}[A-D]$/.test(plain) && !/^(?:BG|GB|NK|KN|TN|NT|ZZ)/.test(plain),
  },
  {
    code: 'uk_nhs_number',
    labelled: ['000_000_0000', '0000000000'],
    context: terms('nhs, nhsnumber, national health, patient, health service'),
    isValid: (digits) => {
      const check = 11 - (weightedSum(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)
      return (check === 11 ? 0 : check) === Number(digits[9]) && !/^(.)\1{9}$/.test(digits)
    },
  },
  {
    code: 'de_tax_id',
    bare: ['00 000 000 000'],
    labelled: ['00000000000'],
    context: terms(
      'steuer, steuerid, steuernummer, steueridentifikationsnummer, identifikationsnummer, idnr, tin, tax id, tax identification, tax number, finanzamt',
    ),
    isValid: (digits) => digits[0] !== '0' && hasGermanRepeats(digits.slice(0, 10)) && isMod1110(digits),
  },
  {
    code: 'fr_nir',
    bare: ['0 00 00 XX 000 000 00', '00000XX00000000'],
    context: terms('nir, sécurité sociale, securite sociale, insee, numéro de sécu, carte vitale, social security'),
    isValid: isFrenchNir,
  },
  {
    code: 'es_dni',
    labelled: ['00000000A', '00000000-A', '00.000.000-A', '00.000.000A', 'A0000000A', 'A-0000000-A', 'A0000000-A'],
    context: terms('dni, nif, nie, documento nacional, identidad, documento, extranjero, spanish id, national id'),
    isValid: (plain) => {
      const digits = plain.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)))
      return /^\d{8}$/.test(digits) && plain.at(-1) === DNI_LETTERS[Number(digits) % 23]
    },
  },
  {
    code: 'it_codice_fiscale',
    bare: ['AAAAAAXXAXXAXXXA'],
    context: terms('codice fiscale, cf, codicefiscale, fiscal code, tax code'),
    isValid: isCodiceFiscale,
  },
  {
    code: 'pl_pesel',
    labelled: ['00000000000'],
    context: terms('pesel, numer pesel, ewidencyjny'),
    isValid: (digits) =>
      weightedSum(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0 &&
      isDay(Number(digits.slice(2, 4)) % 20, Number(digits.slice(4, 6))),
  },
]

/** Among the first ten digits one occurs twice or three times and all others at most once; three in a row are not allowed. */
function hasGermanRepeats(digits: string): boolean {
  const counts = Array.from(DIGITS, (digit) => digits.split(digit).length - 1).filter((count) => count > 1)
  return counts.length === 1 && (counts[0] ?? 0) <= 3 && !/(.)\1\1/.test(digits)
}

/** Sex, year, month, department (Corsica is 2A and 2B), commune, order, key. */
function isFrenchNir(plain: string): boolean {
  const found = /^[123478]\d{2}(\d{2})(?:\d{2}|2[AB])\d{6}(\d{2})$/.exec(plain)
  const month = Number(found?.[1])
  if (!found || !((month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50)) return false
  const key = Number(found[2])
  const digits = plain.slice(0, 13).replace('2A', '19').replace('2B', '18')
  return /^\d{13}$/.test(digits) && 97 - mod97(digits) === key
}

/** Values of the characters in odd places of a codice fiscale, 0–9 then A–Z; digits count as A–J. */
const ODD_VALUES = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]

/** Three letters of a name: consonants, then vowels, filled up with X. */
const NAME_LETTERS = /^(?:[^AEIOU]{2}[A-Z]|[^AEIOU][AEIOU][AEIOUX]|[AEIOU]{2}[AEIOUX])$/
/** In order, what stands for the digits 0 to 9 when two people would share a code. */
const DIGIT_LETTERS = 'LMNPQRSTUV'

function isCodiceFiscale(plain: string): boolean {
  if (!/^[A-Z]{6}[\dLMNP-V]{2}[A-EHLMPRST][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]$/.test(plain)) return false
  const day = Number(plain.slice(9, 11).replaceAll(/[A-Z]/g, (letter) => String(DIGIT_LETTERS.indexOf(letter)))) % 40
  if (!NAME_LETTERS.test(plain.slice(0, 3)) || !NAME_LETTERS.test(plain.slice(3, 6)) || day < 1 || day > 31) return false
  let sum = 0
  for (let i = 0; i < 15; i++) {
    const value = valueOf(plain[i] ?? '')
    const place = value > 9 ? value - 10 : value
    sum += i % 2 === 0 ? (ODD_VALUES[place] ?? 0) : place
  }
  return plain.charCodeAt(15) - 65 === sum % 26
}

function isDay(month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31
}
