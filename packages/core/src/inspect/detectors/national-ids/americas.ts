import { terms } from '../../context.ts'
import { isLuhn, weightedSum } from '../../identifiers/checksums.ts'
import type { Kind } from '../../identifiers/written-forms.ts'

/** Numbers printed in advertisements and on specimen cards, which the SSA never gave to a person. */
const SSN_SPECIMENS = new Set(['078051120', '219099999', '457555462'])

/** Identifiers of the United States, Canada and Brazil. */
export const AMERICAS: readonly Kind[] = [
  {
    code: 'us_ssn',
    bare: ['000-00-0000'],
    labelled: ['000_00_0000', '000000000'],
    context: terms('ssn, ss, social security, social, soc sec, socialsecurity, taxpayer, tax id, w2, w9'),
    bareSeverity: 'medium',
    isValid: (digits) =>
      !/^(?:000|666|9)/.test(digits) &&
      digits.slice(3, 5) !== '00' &&
      digits.slice(5) !== '0000' &&
      !SSN_SPECIMENS.has(digits) &&
      !isOneDigit(digits),
  },
  {
    code: 'us_itin',
    bare: ['000-00-0000'],
    labelled: ['000_00_0000', '000000000'],
    context: terms('itin, individual taxpayer, taxpayer, tax id, ssn, w7'),
    bareSeverity: 'medium',
    isValid: (digits) => /^9\d{2}(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])/.test(digits),
  },
  {
    code: 'npi',
    labelled: ['0000000000'],
    context: terms(
      'npi, national provider, provider identifier, provider id, prescriber, rendering provider, billing provider, referring provider',
    ),
    isValid: (digits) => /^[12]/.test(digits) && isLuhn(`80840${digits}`),
  },
  {
    code: 'ca_sin',
    labelled: ['000_000_000', '000000000'],
    context: terms('sin, social insurance, assurance sociale, nas, canada revenue'),
    isValid: (digits) => !/^[08]/.test(digits) && isLuhn(digits),
  },
  {
    code: 'br_cpf',
    bare: ['000.000.000-00'],
    labelled: ['00000000000', '000000000-00'],
    context: terms('cpf, cadastro de pessoas físicas, cadastro, contribuinte, documento'),
    isValid: (digits) => !isOneDigit(digits) && hasTwoChecks(digits, CPF_WEIGHTS),
  },
  {
    code: 'br_cnpj',
    bare: ['XX.XXX.XXX/XXXX-00'],
    labelled: ['XXXXXXXXXXXX00'],
    context: terms('cnpj, cadastro nacional, pessoa jurídica'),
    isValid: (plain) => !isOneDigit(plain) && hasTwoChecks(plain, CNPJ_WEIGHTS),
  },
]

const CPF_WEIGHTS = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]
const CNPJ_WEIGHTS = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]

/** Two check digits, each 11 minus the weighted sum MOD 11, or 0 above 9; the second sum takes in the first digit. */
function hasTwoChecks(plain: string, weights: readonly number[]): boolean {
  return [weights.slice(1), weights].every((some) => {
    const rest = weightedSum(plain, some) % 11
    return plain.charCodeAt(some.length) - 48 === (rest < 2 ? 0 : 11 - rest)
  })
}

function isOneDigit(text: string): boolean {
  return text === text.charAt(0).repeat(text.length)
}
