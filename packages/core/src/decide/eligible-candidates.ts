import type { Candidate, Eligibility, RefusedCandidate } from '../model/model-facts.ts'
import type { ReasonCode } from '../reasons.ts'

/** A vendor's assessment counts for this long (R206): a year, leap days included. */
export const REVIEW_AGE_MAX_MS = 366 * 86_400_000

/** What one call asks of whoever answers it. */
export interface Need {
  readonly wire: string
  /** Classes of data the call carries: declared, seen in it, or seen in its session, and not taken out. */
  readonly classes: readonly string[]
  readonly residency?: readonly string[]
  /** Where the people are whose data it is. */
  readonly origin?: string
  readonly purpose?: string
  readonly features: readonly string[]
  /** Currencies in which its budgets count money. */
  readonly currencies?: readonly string[]
  readonly nowMs: number
}

/**
 * Who may answer a call at all, whoever is alive: eligibility comes before availability, so no outage sends data where it may not
 * go. Pure. Every rule is a refusal; a candidate is eligible when none applies.
 */
export function eligibleCandidates(candidates: readonly Candidate[], need: Need): Eligibility {
  const eligible: Candidate[] = []
  const refused: RefusedCandidate[] = []
  for (const candidate of candidates) {
    const reason = RULES.find(({ refuses }) => refuses(candidate, need))?.reason
    if (reason === undefined) eligible.push(candidate)
    else refused.push({ provider: candidate.provider, reason })
  }
  const isNative = ({ wires }: Candidate): boolean => wires.includes(need.wire)
  return { eligible: [...eligible.filter(isNative), ...eligible.filter((one) => !isNative(one))], refused }
}

/** The healthy first, otherwise in the given order; nobody is left out for being ill. */
export function byHealth(eligible: readonly Candidate[], isHealthy: (candidate: Candidate) => boolean): readonly Candidate[] {
  return [...eligible.filter(isHealthy), ...eligible.filter((candidate) => !isHealthy(candidate))]
}

/** Whether a region is another one or a part of it. */
export function isWithinRegion(region: string, area: string): boolean {
  return region === area || region.startsWith(`${area}-`)
}

interface Rule {
  readonly reason: ReasonCode
  readonly refuses: (candidate: Candidate, need: Need) => boolean
}

/** In order of what a person would correct first. */
const RULES: readonly Rule[] = [
  {
    reason: 'model_wire_unsupported',
    refuses: ({ wires, translated = [] }, { wire }) => ![...wires, ...translated].includes(wire),
  },
  { reason: 'model_unapproved', refuses: ({ approval }, { nowMs }) => !holds(approval, nowMs) },
  { reason: 'provider_unreviewed', refuses: ({ reviewedMs }, { nowMs }) => !isCurrent(reviewedMs, nowMs) },
  { reason: 'provider_purpose', refuses: isOtherPurpose },
  { reason: 'provider_residency', refuses: isOutsideResidency },
  { reason: 'provider_tier', refuses: ({ tier }, { classes }) => tier === 'consumer' && classes.length > 0 },
  { reason: 'provider_trains', refuses: ({ trains }, { classes }) => trains && classes.length > 0 },
  { reason: 'provider_unattested', refuses: isUnattested },
  { reason: 'provider_without_dpa', refuses: hasLapsedDpa },
  { reason: 'provider_without_baa', refuses: isWithoutBaa },
  { reason: 'provider_without_transfer', refuses: isWithoutTransfer },
  { reason: 'model_feature_unsupported', refuses: lacksFeature },
  { reason: 'model_unpriced', refuses: lacksPrice },
]

function holds(evidence: { readonly expiresMs: number } | undefined, nowMs: number): boolean {
  return evidence !== undefined && evidence.expiresMs > nowMs
}

/** An assessment dated in the future has not happened. */
function isCurrent(reviewedMs: number, nowMs: number): boolean {
  return reviewedMs <= nowMs && nowMs - reviewedMs <= REVIEW_AGE_MAX_MS
}

function isOtherPurpose({ purposes }: Candidate, { purpose }: Need): boolean {
  return purposes !== undefined && (purpose === undefined || !purposes.includes(purpose))
}

function isOutsideResidency({ regions }: Candidate, { residency }: Need): boolean {
  return residency !== undefined && !regions.every((region) => residency.some((area) => isWithinRegion(region, area)))
}

/** Hosting of one's own is attested by whoever runs it. */
function isUnattested({ tier, isAttested }: Candidate, { classes }: Need): boolean {
  return classes.length > 0 && tier !== 'private' && !isAttested
}

function hasLapsedDpa({ tier, dpa }: Candidate, { classes, nowMs }: Need): boolean {
  return classes.length > 0 && tier !== 'private' && dpa !== undefined && !holds(dpa, nowMs)
}

/** Hosting of one's own needs no agreement with anybody. */
function isWithoutBaa({ tier, baa }: Candidate, { classes, features, nowMs }: Need): boolean {
  if (!classes.includes('phi') || tier === 'private') return false
  return !holds(baa, nowMs) || features.some((feature) => baa?.excludes.includes(feature) === true)
}

function isWithoutTransfer({ regions, transfer }: Candidate, { classes, origin, nowMs }: Need): boolean {
  if (origin === undefined || classes.length === 0 || regions.every((region) => isWithinRegion(region, origin))) return false
  return !holds(transfer, nowMs)
}

function lacksFeature({ features }: Candidate, need: Need): boolean {
  return features !== undefined && need.features.some((feature) => !features.includes(feature))
}

/** A budget of money cannot be kept with a model that nobody knows the price of. */
function lacksPrice({ price }: Candidate, { currencies = [] }: Need): boolean {
  return currencies.some((currency) => price?.currency !== currency)
}
