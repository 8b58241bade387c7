import { styleText } from 'node:util'
import { ERRORS, REASONS } from '@sallyport/core'
import { shown } from '../../shown.ts'
import type { DemoCall, DemoReport, Part } from './report.ts'

/** Writes the demo as a story, line by line, while it happens. */
export interface Teller {
  part(part: Part): void
  call(call: DemoCall): void
  end(report: DemoReport): void
}

const TITLES: Readonly<Record<Part, readonly string[]>> = {
  work: ['1. The honest task', 'A procurement agent reconciles the received orders of facilities, for alice.'],
  guard: ['2. The guard', 'A supplier’s document holds instructions. The guard sees them and keeps the document.'],
  obey: ['3. The hijack', 'No detector sees everything: now the guard only watches. This agent obeys all it reads.'],
  control: ['4. The cross-check', 'The denied export again, with a key for the task that may use it. It has to arrive.'],
}
const OUTCOME_WIDTH = 8
const TARGET_WIDTH = 26
const ENTRY_WIDTH = 5
const LINE_WIDTH_MAX = 100

/** @param write Takes one line. @param isColoured Whether the output is a terminal that wants colours. */
export function openTeller(write: (line: string) => void, isColoured: boolean): Teller {
  const paint = (colour: 'green' | 'red' | 'bold' | 'dim', text: string) =>
    isColoured ? styleText(colour, text, { validateStream: false }) : text
  return { part, call, end }

  function part(name: Part): void {
    const [title = '', ...lines] = TITLES[name]
    write('')
    write(paint('bold', title))
    for (const line of lines) write(line)
    write('')
  }

  function call(told: DemoCall): void {
    const outcome = paint(told.outcome === 'allowed' ? 'green' : 'red', told.outcome.padEnd(OUTCOME_WIDTH))
    const entry = (told.entry === undefined ? '' : `#${told.entry}`).padStart(ENTRY_WIDTH)
    write(`  ${outcome} ${entry}  ${shown(told.target).padEnd(TARGET_WIDTH)} ${shown(told.says)}`)
    const indent = ' '.repeat(2 + OUTCOME_WIDTH + 1 + ENTRY_WIDTH + 2)
    if (told.outcome === 'allowed') write(paint('dim', `${indent}→ ${shown(told.answer)}`))
    for (const reason of told.reasons) write(`${indent}${paint('red', reason)}: ${meaning(reason)}`)
    if (told.outcome === 'failed') write(`${indent}→ ${shown(told.answer)}`)
  }

  function end(report: DemoReport): void {
    write('')
    write(paint('bold', '5. The evidence'))
    write('')
    write(`  ${'asked for by the document'.padEnd(TARGET_WIDTH + 2)} calls that reached the server, by its own count`)
    for (const [tool, count] of Object.entries(report.deniedToolCalls)) write(`  ${tool.padEnd(TARGET_WIDTH + 2)} ${count}`)
    write('')
    write(
      `  audit verify: ${report.audit.ok ? 'ok' : `FAILED, ${report.audit.problem ?? ''}`}, ${report.audit.entries} entries, root ${report.audit.rootHash}`,
    )
    if (report.proof !== undefined) {
      write(
        `  proof of entry #${report.proof.entry}, verified offline: ${report.proof.ok ? 'ok' : `FAILED, ${report.proof.fault ?? ''}`}`,
      )
      for (const line of report.proof.text.trimEnd().split('\n')) write(paint('dim', `    ${shown(line, LINE_WIDTH_MAX)}`))
    }
    write('')
    for (const { claim, ok, detail } of report.claims) {
      write(
        `  ${ok ? paint('green', 'ok    ') : paint('red', 'FAILED')}  ${claim}${ok || detail === '' ? '' : `: ${shown(detail)}`}`,
      )
    }
    const held = report.claims.filter((claim) => claim.ok).length
    write('')
    write(`${held} of ${report.claims.length} claims hold, ${(report.durationMs / 1000).toFixed(1)} s.`)
  }
}

/** Codes are explained by the tables that every refusal uses. */
function meaning(code: string): string {
  const found = [...Object.entries(REASONS), ...Object.entries(ERRORS)].find(([known]) => known === code)
  return found?.[1].means ?? 'not a code of this version'
}
