import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { look } from './look.ts'
import { scoreSpans, type Scored } from './score-spans.ts'

const FILE = 'pii_presidio.jsonl.gz'

/** Entity types of the data set that are detected, and the code of each. */
const DETECTED: Readonly<Record<string, string>> = {
  CREDIT_CARD: 'payment_card',
  IBAN_CODE: 'iban',
  US_SSN: 'us_ssn',
  EMAIL_ADDRESS: 'email',
  IP_ADDRESS: 'ip_address',
  PHONE_NUMBER: 'phone',
  US_DRIVER_LICENSE: 'driver_license',
}

/** Published by microsoft/presidio-research for its own recognizers on this data, all entity types together (notebooks 4 and 5). */
const PUBLISHED = {
  presidioDefault: { precision: 0.685, recall: 0.603 },
  presidioCustomised: { precision: 0.87, recall: 0.839 },
}

interface Row {
  readonly text: string
  readonly spans: readonly (readonly [type: string, start: number, end: number])[]
}

/** The folder with data sets: `SALLYPORT_DATA`, or `shared/data` beside the repository. */
export function dataFolder(): string {
  return process.env['SALLYPORT_DATA'] ?? join(import.meta.dirname, '../../../../shared/data')
}

/** Rows of the data set; `undefined` when it is not there. */
export function readPresidio(folder: string): readonly Row[] | undefined {
  const path = join(folder, FILE)
  if (!existsSync(path)) return undefined
  const lines = gunzipSync(readFileSync(path)).toString().split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row)
}

/**
 * Precision and recall per entity type. A type of the data set that is not detected, such as a name, is counted as missed in
 * `allTypes` and in nothing else; whatever is seen that the data set does not mark is a false alarm.
 */
export function scorePresidio(rows: readonly Row[]) {
  const scored = rows.map(({ text, spans }): Scored => {
    const wanted = spans.map(([type, start, end]) => ({ type: DETECTED[type] ?? type, start, end }))
    return { wanted, seen: look(text).map(({ code, start, end }) => ({ type: code, start, end })) }
  })
  const detected = new Set(Object.values(DETECTED))
  const within = scored.map(({ wanted, seen }) => ({ wanted: wanted.filter(({ type }) => detected.has(type)), seen }))
  const notDetected = new Map<string, number>()
  for (const { spans } of rows)
    for (const [type] of spans) if (!DETECTED[type]) notDetected.set(type, (notDetected.get(type) ?? 0) + 1)
  const unmarked = new Map<string, number>()
  for (const { seen } of scored)
    for (const { type } of seen) if (!detected.has(type)) unmarked.set(type, (unmarked.get(type) ?? 0) + 1)
  return {
    texts: rows.length,
    types: Object.fromEntries(Object.entries(DETECTED).map(([type, code]) => [type, scoreSpans(scored, code)])),
    detectedTypes: scoreSpans(within),
    allTypes: scoreSpans(scored),
    notDetected: Object.fromEntries(notDetected),
    seenOfOtherTypes: Object.fromEntries(unmarked),
    published: PUBLISHED,
    note: 'published figures are over all entity types; ours promise no names, places, organisations, titles, ages, dates, addresses or domains (notDetected)',
  }
}
