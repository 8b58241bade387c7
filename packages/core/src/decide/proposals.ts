import { jcs } from '../model/jcs.ts'
import type { Json } from '../model/json.ts'
import type { ReadGrant, ToolGrant } from '../model/manifest.ts'
import type { RateLimit } from '../model/rate-limit.ts'

/** Something an unsigned version asks for that the last signed one did not give. */
export interface Proposal {
  /** Path in the manifest. */
  readonly path: string
  readonly why: string
}

/**
 * Whether a tool grant of an unsigned version must wait (R039). Active at once: a grant identical to the signed one, a new
 * `read` grant at tier low or medium, and a signed `read` grant that was only narrowed. Everything else is proposed: any other
 * scope, tier high, a changed tier or scope, and any difference in a read grant that is not provably narrower.
 * @param before The same grant in the last fully signed version.
 */
export function proposalOf(path: string, grant: ToolGrant, before: ToolGrant | undefined): Proposal | undefined {
  if (before && same(grant, before)) return undefined
  if (grant.scope !== 'read') return { path, why: `scope ${grant.scope} needs signatures` }
  if (grant.tier === 'high') return { path, why: 'tier high needs signatures' }
  if (!before) return undefined
  if (before.scope !== grant.scope) return { path, why: `scope changed from ${before.scope} to ${grant.scope}` }
  if (before.tier !== grant.tier) return { path, why: `tier changed from ${before.tier} to ${grant.tier}` }
  const wider = wideningOf(grant, before)
  return wider === undefined ? undefined : { path, why: `${wider} is wider than in the signed version` }
}

/** As `proposalOf`, for a resource or prompt. */
export function readProposalOf(path: string, grant: ReadGrant, before: ReadGrant | undefined): Proposal | undefined {
  if (before && same(grant, before)) return undefined
  if (grant.tier === 'high') return { path, why: 'tier high needs signatures' }
  if (!before) return undefined
  if (before.tier !== grant.tier) return { path, why: `tier changed from ${before.tier} to ${grant.tier}` }
  if (before.user === 'required' && grant.user !== 'required') return { path, why: 'user is wider than in the signed version' }
  if (!isWithin(grant.rateLimit, before.rateLimit)) return { path, why: 'rateLimit is wider than in the signed version' }
  return undefined
}

/** Whether `next` allows no more calls than `before`; no limit is the widest. */
export function isWithin(next: RateLimit | undefined, before: RateLimit | undefined): boolean {
  if (before === undefined) return true
  return next !== undefined && next.callsMax <= before.callsMax && next.windowMs >= before.windowMs
}

/** Own member by name: manifests name things freely, `constructor` included. */
export function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
}

/** Name of the first constraint that `grant` loosens against `before`, or changes in a way that cannot be compared. */
function wideningOf(grant: ToolGrant, before: ToolGrant): string | undefined {
  if (before.user === 'required' && grant.user !== 'required') return 'user'
  if (before.requiresHumanApproval === true && grant.requiresHumanApproval !== true) return 'requiresHumanApproval'
  if (before.args && !same(grant.args, before.args)) return 'args'
  if (!keepsAll(grant.entities, before.entities)) return 'entities'
  if (!keepsAll(grant.provenance, before.provenance)) return 'provenance'
  if (!same([grant.approvers ?? 1, grant.fourEyesFrom ?? {}], [before.approvers ?? 1, before.fourEyesFrom ?? {}]))
    return 'approvers'
  if (grant.approved && !same(grant.approved, before.approved)) return 'approved'
  if (!isSubset(grant.fields, before.fields)) return 'fields'
  if (!isSubset(grant.domains, before.domains)) return 'domains'
  if (!isWithin(grant.rateLimit, before.rateLimit)) return 'rateLimit'
  // Keeping more stores more about people, keeping less hides more: neither is narrower.
  return CONTENT.find((name) => jcs((grant[name] ?? null) as Json) !== jcs((before[name] ?? null) as Json))
}

const CONTENT = ['keep', 'subject', 'classes'] as const

function same(a: unknown, b: unknown): boolean {
  return a !== undefined && b !== undefined && jcs(a as Json) === jcs(b as Json)
}

/** Each member of `before` is in `next`, unchanged; more members only narrow. */
function keepsAll(
  next: Readonly<Record<string, unknown>> | undefined,
  before: Readonly<Record<string, unknown>> | undefined,
): boolean {
  return Object.entries(before ?? {}).every(([key, value]) => same(own(next, key), value))
}

/** `undefined` is no limit at all. */
function isSubset(next: readonly string[] | undefined, before: readonly string[] | undefined): boolean {
  return before === undefined || (next !== undefined && next.every((item) => before.includes(item)))
}
