import type { Sighting } from '../define-detector.ts'

/** What one code of an identifier stands for. */
export interface IdentifierType {
  readonly class: 'pii' | 'phi' | 'pci'
  readonly severity: Sighting['severity']
  readonly what: string
  /** The arithmetic that a value must satisfy; absent where shape or context is all there is. */
  readonly checksum?: string
  /** Where shape and arithmetic are defined. */
  readonly source: string
}

/**
 * Every identifier that is detected, by code: `high` where arithmetic or an unmistakable shape backs it, `medium` where context
 * does, `low` for contact details. A sighting may be graver or milder than its type where the text says so.
 */
export const IDENTIFIER_TYPES = {
  payment_card: {
    class: 'pci',
    severity: 'high',
    what: 'number of a payment card (PAN)',
    checksum: 'Luhn, issuer range and length',
    source: 'ISO/IEC 7812-1; IIN ranges as published by the networks',
  },
  card_track: {
    class: 'pci',
    severity: 'high',
    what: 'magnetic stripe of a payment card, track 1 or 2',
    checksum: 'Luhn, issuer range and length',
    source: 'ISO/IEC 7813',
  },
  iban: {
    class: 'pii',
    severity: 'high',
    what: 'international bank account number',
    checksum: 'ISO 7064 MOD 97-10, length and structure of the country',
    source: 'ISO 13616-1; SWIFT IBAN registry',
  },
  us_ssn: { class: 'pii', severity: 'high', what: 'US social security number', source: 'SSA, randomization rules of 2011' },
  us_itin: { class: 'pii', severity: 'high', what: 'US individual taxpayer identification number', source: 'IRS publication 1915' },
  npi: {
    class: 'pii',
    severity: 'high',
    what: 'US national provider identifier of a clinician',
    checksum: 'Luhn over 80840 and the number',
    source: '45 CFR 162.406; CMS check digit note',
  },
  aadhaar: { class: 'pii', severity: 'high', what: 'Indian Aadhaar number', checksum: 'Verhoeff', source: 'UIDAI' },
  india_pan: {
    class: 'pii',
    severity: 'high',
    what: 'Indian permanent account number',
    source: 'Income Tax Department of India, structure of the PAN',
  },
  uk_nino: { class: 'pii', severity: 'high', what: 'UK national insurance number', source: 'HMRC NIM39110' },
  uk_nhs_number: {
    class: 'phi',
    severity: 'high',
    what: 'UK NHS number of a patient',
    checksum: 'weights 10 to 2, MOD 11',
    source: 'NHS Data Dictionary',
  },
  ca_sin: {
    class: 'pii',
    severity: 'high',
    what: 'Canadian social insurance number',
    checksum: 'Luhn',
    source: 'Employment and Social Development Canada',
  },
  de_tax_id: {
    class: 'pii',
    severity: 'high',
    what: 'German tax identification number',
    checksum: 'ISO 7064 MOD 11,10 and the rule of repeated digits',
    source: 'Bundeszentralamt für Steuern, section 139b AO',
  },
  fr_nir: {
    class: 'pii',
    severity: 'high',
    what: 'French social security number (NIR)',
    checksum: '97 minus the number MOD 97',
    source: 'INSEE',
  },
  es_dni: {
    class: 'pii',
    severity: 'high',
    what: 'Spanish DNI or NIE',
    checksum: 'letter by MOD 23',
    source: 'Ministerio del Interior',
  },
  it_codice_fiscale: {
    class: 'pii',
    severity: 'high',
    what: 'Italian fiscal code',
    checksum: 'check letter by MOD 26',
    source: 'DM 23 December 1976, n. 13813',
  },
  br_cpf: {
    class: 'pii',
    severity: 'high',
    what: 'Brazilian CPF of a person',
    checksum: 'two digits by MOD 11',
    source: 'Receita Federal',
  },
  br_cnpj: {
    class: 'pii',
    severity: 'medium',
    what: 'Brazilian CNPJ of a company, digits or letters',
    checksum: 'two digits by MOD 11',
    source: 'Receita Federal, IN RFB 2.229/2024',
  },
  au_tfn: {
    class: 'pii',
    severity: 'high',
    what: 'Australian tax file number',
    checksum: 'weighted sum MOD 11',
    source: 'Australian Taxation Office',
  },
  au_medicare: {
    class: 'phi',
    severity: 'high',
    what: 'Australian Medicare card number',
    checksum: 'weighted sum MOD 10',
    source: 'Services Australia',
  },
  pl_pesel: {
    class: 'pii',
    severity: 'high',
    what: 'Polish PESEL',
    checksum: 'weighted sum MOD 10 and a date of birth',
    source: 'Act of 24 September 2010 on population records',
  },
  passport_mrz: {
    class: 'pii',
    severity: 'high',
    what: 'machine-readable zone of a passport or identity card',
    checksum: 'weights 7, 3, 1, MOD 10, of every field and of all',
    source: 'ICAO Doc 9303, parts 4 to 6',
  },
  passport_number: {
    class: 'pii',
    severity: 'medium',
    what: 'passport number, by its label',
    source: 'ICAO Doc 9303, part 4: up to nine letters and digits',
  },
  driver_license: { class: 'pii', severity: 'medium', what: 'driving licence number, by its label', source: 'own rule' },
  email: { class: 'pii', severity: 'low', what: 'e-mail address', source: 'RFC 5321, RFC 6531' },
  phone: { class: 'pii', severity: 'low', what: 'telephone number', source: 'ITU-T E.164 and the national plans' },
  ip_address: { class: 'pii', severity: 'low', what: 'IPv4 or IPv6 address', source: 'RFC 791, RFC 4291; ranges of RFC 6890' },
  crypto_address: {
    class: 'pii',
    severity: 'high',
    what: 'address of a crypto currency',
    checksum: 'Base58Check, Bech32 or Bech32m, EIP-55',
    source: 'BIP 13, BIP 173, BIP 350, ERC-55',
  },
  medical_record_number: {
    class: 'phi',
    severity: 'medium',
    what: 'number of a patient or medical record, by its label',
    source: '45 CFR 164.514(b)(2)(i)(H)',
  },
  icd_code: { class: 'phi', severity: 'medium', what: 'diagnosis code, by its context', source: 'ICD-10-CM' },
  medication_of_person: {
    class: 'phi',
    severity: 'medium',
    what: 'medicine together with the person who takes it',
    source: 'WHO INN; own rule',
  },
  diagnosis_of_person: {
    class: 'phi',
    severity: 'medium',
    what: 'condition together with the person who has it',
    source: 'own rule',
  },
  lab_result_of_person: {
    class: 'phi',
    severity: 'medium',
    what: 'measured value together with the person it is of',
    source: 'own rule',
  },
} as const satisfies Readonly<Record<string, IdentifierType>>

export type IdentifierCode = keyof typeof IDENTIFIER_TYPES

/** A sighting of an identifier, with class and severity of its type. */
export function sight(code: IdentifierCode, start: number, end: number): Sighting {
  const { class: dataClass, severity } = IDENTIFIER_TYPES[code]
  return { code, severity, start, end, class: dataClass }
}
