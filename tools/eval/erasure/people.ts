import type { JsonObject } from '@sallyport/core'

/** One made-up person, with the kinds of values that a log must not hold. */
export interface Patient extends JsonObject {
  readonly patient: string
  readonly name: string
  readonly mail: string
  readonly phone: string
  readonly card: string
  readonly iban: string
  readonly note: string
}

const GIVEN = ['Erika', 'José', 'Zoë', '花子', 'Олена', 'Nguyễn', 'Łukasz', 'Aïcha'] as const
const FAMILY = ['Mustermann', 'Ñandú', "O'Brien", '田中', 'Шевченко', 'Văn', 'Żółć', 'Benali'] as const

/** Always the same person for the same number; no two share a value. */
export function patientOf(i: number): Patient {
  const digits = (width: number, salt: number): string =>
    String((i + 1) * 7_919 * salt + 13)
      .padStart(width, '4')
      .slice(-width)
  const name = `${GIVEN[i % GIVEN.length]} ${FAMILY[Math.floor(i / GIVEN.length) % FAMILY.length]} ${digits(5, 3)}`
  return {
    patient: `MRN-${digits(8, 1)}`,
    name,
    mail: `patient.${digits(7, 5)}@clinic.example`,
    phone: `+49 151 ${digits(8, 11)}`,
    card: `4929${digits(12, 1_013)}`,
    iban: `DE89${digits(18, 100_003)}`,
    note: `diagnosis ${digits(9, 17)} – größer als üblich`,
  }
}

/** Every value that is searched for. */
export function valuesOf(people: readonly Patient[]): string[] {
  return people.flatMap((person) => Object.values(person).map(String))
}
