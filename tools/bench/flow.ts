import { findSlots, type JsonObject, normalText, type SessionContent, traceSlots } from '@sallyport/core'
import { atMost, type Measured } from '../report.ts'

const ROUNDS = 101
/** Microseconds that tracing ten arguments over 256 KiB of session text may take. */
const TRACE_US_MAX = 10_000
const KIB = 1_024

const args: JsonObject = {
  to: Array.from({ length: 6 }, (_, i) => `person${i}@company.example`),
  url: 'https://intranet.company.example/reports/q3',
  account: 'DE89 3704 0044 0532 0130 00',
  file: 'report-2026.docx',
  amount: 1_810.5,
}

/**
 * Time to find where ten arguments of one act stood, by how much the session read; and to bring 1 KiB of a result into the form that is
 * searched. Beside it, in the same run, a plain search for the exact values, which finds neither another form nor tells a whole value
 * from a part.
 */
export async function run(): Promise<Measured> {
  const figures: Record<string, number> = {}
  let largestUs = 0
  for (const kib of [1, 32, 256]) {
    const contents = session(kib)
    const slots = findSlots(args, new Set())
    const values = slots.map(({ value }) => String(value))
    const traced = median(() => traceSlots(slots, contents))
    figures[`trace${kib}KibUs`] = traced
    figures[`exact${kib}KibUs`] = median(() => values.map((value) => contents.filter(({ text }) => text.includes(value))))
    largestUs = traced
  }
  const text = page(1)
  figures['normalPerKibUs'] = median(() => normalText(text))
  return { figures, targets: { trace256KibUs: atMost(largestUs, TRACE_US_MAX, ' µs') } }
}

/** Contents of 4 KiB each, as pages and letters are; nothing in them but for the last is looked for. */
function session(kib: number): readonly SessionContent[] {
  const size = Math.min(kib, 4)
  const pages = Array.from({ length: kib / size }, () => page(size))
  const texts = [...pages.slice(1), `${page(size)} person3@company.example DE89370400440532013000 1,810.50`]
  return texts.map((text) => ({ origin: 'tool', source: 'mail.read', integrity: 'email', classes: [], text: normalText(text) }))
}

function page(kib: number): string {
  const sentence = 'The order 4711 of Anna Smith (anna@shop.example) was sent to DE12 5001 0517 0648 4898 90 on 2026-11-26. '
  return sentence.repeat(Math.ceil((kib * KIB) / sentence.length)).slice(0, kib * KIB)
}

/** Median microseconds of a run. */
function median(run: () => unknown): number {
  for (let i = 0; i < 20; i++) run()
  const times = Array.from({ length: ROUNDS }, () => {
    const start = process.hrtime.bigint()
    run()
    return Number(process.hrtime.bigint() - start) / 1_000
  })
  return Math.round((times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0) * 10) / 10
}
