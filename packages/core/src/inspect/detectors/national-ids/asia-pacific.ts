import { terms } from '../../context.ts'
import { isVerhoeff, weightedSum } from '../../identifiers/checksums.ts'
import type { Kind } from '../../identifiers/written-forms.ts'

/** Identifiers of India and Australia. */
export const ASIA_PACIFIC: readonly Kind[] = [
  {
    code: 'aadhaar',
    labelled: ['0000_0000_0000', '000000000000'],
    context: terms('aadhaar, aadhar, adhaar, uidai, uid, आधार, virtual id, ekyc, kyc'),
    isValid: (digits) => /^[2-9]/.test(digits) && isVerhoeff(digits),
  },
  {
    code: 'india_pan',
    bare: ['AAAAA0000A'],
    context: terms('pan, permanent account, income tax, pancard, itr, form 16, tds'),
    bareSeverity: 'medium',
    // The fourth letter tells the kind of holder, the number runs from 0001.
    isValid: (plain) => /^[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]$/.test(plain) && plain.slice(5, 9) !== '0000',
  },
  {
    code: 'au_tfn',
    labelled: ['000_000_000', '000000000'],
    context: terms('tfn, tax file, taxfile, ato'),
    isValid: (digits) => weightedSum(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0 && digits !== '000000000',
  },
  {
    code: 'au_medicare',
    labelled: ['0000 00000 0', '0000-00000-0', '0000 00000 0/0', '0000000000', '00000000000'],
    context: terms('medicare, irn, medicare card'),
    isValid: (digits) => /^[2-6]/.test(digits) && weightedSum(digits, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === Number(digits[8]),
  },
]
