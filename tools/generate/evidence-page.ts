import { BUNDLE_PROBLEMS, BUNDLE_PROPERTIES, COVERAGES, GAP_KINDS, LOG_PROBLEMS, LogQuery } from '@sallyport/core'
import { inputSchema, schemaTables } from './schema-page.ts'

type Told = Readonly<Record<string, { readonly means: string }>>

/** Every stable code of evidence: what can be wrong, what is shown, what can be asked. */
export function evidencePage(): string {
  const sections: [string, string][] = [
    ['What `sallyport verify` finds wrong with a bundle', table(BUNDLE_PROBLEMS)],
    ['What `audit verify` finds wrong with a log', table(LOG_PROBLEMS)],
    ['What a signed bundle states', table(BUNDLE_PROPERTIES)],
    ['What a bundle shows of entries it does not disclose', table(COVERAGES)],
    ['Gaps in the record', table(GAP_KINDS)],
  ]
  const queries = schemaTables(inputSchema(LogQuery))
  return [...sections.map(([title, body]) => `## ${title}\n\n${body}`), queries].join('\n\n')
}

function table(told: Told): string {
  const rows = Object.entries(told).map(([code, { means }]) => `| \`${code}\` | ${means} |`)
  return ['| Code | Means |', '| --- | --- |', ...rows].join('\n')
}
