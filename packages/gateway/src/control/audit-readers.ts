import { GatewayError, LogQuery } from '@sallyport/core'
import { z } from 'zod'
import type { Role } from '../state-records.ts'
import type { ControlDeps } from './define-verb.ts'

/** R134: who may read the log. Engineers may not, and agents have no way here at all. */
export const READERS: readonly Role[] = ['owner', 'security', 'analyst', 'auditor', 'compliance']

const PURPOSE_CHARS_MAX = 500
/** Why somebody reads; stands in the entry of the read. */
export const Purpose = z.string().trim().min(3).max(PURPOSE_CHARS_MAX).meta({ description: 'Why; it is recorded.' })
/** For looking at single entries, where the record says so when nobody said why. */
export const PurposeIfAny = Purpose.default('none given')

/** A query as people ask it: a person may be named in clear, and only the pseudonym is kept. */
export const AskedQuery = LogQuery.extend({
  person: z.string().min(1).max(500).optional().meta({ description: 'Person the content is about, instead of `subject`.' }),
})
export type AskedQuery = z.infer<typeof AskedQuery>

/** @throws GatewayError `CONFLICT` where no vault knows pseudonyms, `NOT_FOUND` when the person has none */
export async function resolveQuery(deps: Pick<ControlDeps, 'subjectNames'>, { person, ...query }: AskedQuery): Promise<LogQuery> {
  if (person === undefined) return query
  if (!deps.subjectNames)
    throw new GatewayError('CONFLICT', 'no vault is open, so a person has no pseudonym; give the subject instead')
  const { token } = await deps.subjectNames(person)
  if (token === undefined) throw new GatewayError('NOT_FOUND', 'the log has no pseudonym of this person')
  return { ...query, subject: token }
}

/** The query as the entry of the read tells it. */
export function filtersOf(query: LogQuery): string[] {
  return Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
}

export function requireEvidence({ evidence }: Pick<ControlDeps, 'evidence'>): NonNullable<ControlDeps['evidence']> {
  if (evidence) return evidence
  throw new GatewayError('AUDIT_FORBIDDEN', 'the log cannot be read here')
}
