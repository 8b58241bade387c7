import type { Sighting } from './define-detector.ts'

/** Something a detector saw in an output, with the text it saw. */
export interface OutputValue {
  readonly sighting: Sighting
  readonly value: string
}

/**
 * A value as it is compared: compatibility forms, case, accents, blanks and punctuation do not count, so that `+49 (30) 1234-567` is
 * `+49 30 1234567`. Numbers are not put into one international form.
 */
export function plainValue(value: string): string {
  return value
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}@]/gu, '')
}

/**
 * Personal data in an output that no input of the session held (R086): what a model made up, concluded, or had from elsewhere. It
 * is personal data all the same.
 * @param outputs What was seen in the output.
 * @param known The values of the session's inputs as `keyOf(plainValue(value))`.
 * @param keyOf A keyed commitment, so that no set of plain personal data need be kept; by default none.
 * @returns One finding of code `inferred_personal_data` for each such value, with the place and class of the one it rests on.
 */
export function inferredValues(
  outputs: readonly OutputValue[],
  known: ReadonlySet<string>,
  keyOf: (plain: string) => string = (plain) => plain,
): readonly Sighting[] {
  return outputs
    .filter(({ sighting, value }) => sighting.class === 'pii' && plainValue(value) !== '' && !known.has(keyOf(plainValue(value))))
    .map(({ sighting }) => ({
      code: 'inferred_personal_data',
      severity: 'medium',
      class: 'pii',
      start: sighting.start,
      end: sighting.end,
    }))
}
