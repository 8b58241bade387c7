import { CHANNELS } from '../../../model/channel.ts'
import { contextOf, hasTerm, isLabelled, isNear, terms } from '../../context.ts'
import { defineDetector, type Sighting } from '../../define-detector.ts'
import { sight } from '../../identifiers/identifier-types.ts'
import { wordSpotter, type Spotted } from '../../identifiers/spot-words.ts'
import { personNear } from './person.ts'
import { ANNOUNCING, CONDITIONS, MEASURES, MEDICINES } from './words.ts'

const spot = wordSpotter({ condition: CONDITIONS, measure: MEASURES, announcing: ANNOUNCING, medicine: MEDICINES })

/** Member names whose values are numbers of records, diagnosis codes, medicines, conditions. */
const RECORD_NUMBER = terms(
  'mrn, mrns, medical record, medical record number, patient id, patient identifier, patient number, patient no, patient nr, patient record, chart number, chart no, chart id, hospital number, hospital no, hospital id, health record',
)
const CODE_NEAR = terms('icd, dx, diagnosis, diagnoses, diagnosed, diagnosis code, encounter, comorbidity, comorbidities')
/** What an E11 behind one of these words is, whatever else is said. */
const OTHER_CODES = terms(
  'part, error, fault, model, gate, seat, row, bay, sku, section, terminal, room, locker, aisle, slot, exit, highway, route, product, item, pin, fuse, relay, bus, building, zone, cell, column',
)
const MEDICINE_FIELD = terms('medication, medicine, prescription, rx, med, current meds')
const CONDITION_FIELD = terms(
  'diagnosis, diagnoses, condition, medical history, past medical history, pmh, problem list, comorbidities',
)

/**
 * Finds health information about a person: the number of a record by its label, a diagnosis code by its context, and a medicine,
 * a condition or a measured value in the same breath as the person it is about. A medicine alone, as in the news, is none.
 */
export const health = defineDetector({
  id: 'health',
  channels: CHANNELS.filter((channel) => channel !== 'definition'),
  reads: 'every',
  detect: (text, { field }) => {
    const spotted = spot(text)
    const isAnnounced = spotted.some(({ list }) => list === 'announcing')
    return [
      ...(isAnnounced || hasTerm(field, RECORD_NUMBER) ? recordNumbers(text, field) : []),
      ...(isAnnounced || hasTerm(field, CODE_NEAR) ? diagnosisCodes(text, field) : []),
      ...spotted.flatMap((found) => ofPerson(found, text, field) ?? []),
    ]
  },
})

function recordNumbers(text: string, field: string): readonly Sighting[] {
  const sightings: Sighting[] = []
  for (const { 0: found, index } of text.matchAll(/(?<![\w.])[A-Za-z]{0,4}-?\d[\d-]{2,12}\d(?![\w.]\w)/g)) {
    const place = { text, start: index, end: index + found.length, field }
    const digits = found.replaceAll(/\D/g, '')
    const isDate = /^(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}-\d{1,2}-\d{2,4})$/.test(found)
    if (digits.length >= 4 && !isDate && isLabelled(contextOf(place), RECORD_NUMBER))
      sightings.push(sight('medical_record_number', place.start, place.end))
  }
  return sightings
}

/** Codes of ICD-10-CM: a letter, a digit, a digit or A or B, and up to four characters behind a dot. */
function diagnosisCodes(text: string, field: string): readonly Sighting[] {
  const sightings: Sighting[] = []
  for (const { 0: found, index } of text.matchAll(/(?<![\w.-])[A-TV-Z]\d[0-9AB](?:\.[0-9A-Z]{1,4})?(?![\w-]|\.\w)/g)) {
    const place = { text, start: index, end: index + found.length, field }
    const context = contextOf(place)
    if (isNear(context, CODE_NEAR) && !isLabelled(context, OTHER_CODES)) sightings.push(sight('icd_code', place.start, place.end))
  }
  return sightings
}

function ofPerson(
  { list, start, end }: Spotted<'condition' | 'measure' | 'announcing' | 'medicine'>,
  text: string,
  field: string,
): Sighting | undefined {
  switch (list) {
    case 'announcing':
      return undefined
    case 'medicine':
      return hasTerm(field, MEDICINE_FIELD) || personNear(text, { start, end }, 'takes')
        ? sight('medication_of_person', start, end)
        : undefined
    case 'condition':
      return hasTerm(field, CONDITION_FIELD) || personNear(text, { start, end }, 'has')
        ? sight('diagnosis_of_person', start, end)
        : undefined
    case 'measure': {
      const value =
        /^\W{0,3}(?:(?:level|count|was|is|of|at|result|came|back|elevated|today|up|to|fasting)\W{1,3}){0,4}\d{1,4}(?:[.,/]\d{1,3})?/.exec(
          text.slice(end, end + 48),
        )?.[0]
      return value && personNear(text, { start, end }, 'measured')
        ? sight('lab_result_of_person', start, end + value.length)
        : undefined
    }
  }
}
