import { REVIEW_AGE_MAX_MS } from '@sallyport/core'
import type { ProvidersConfig } from './config-providers.ts'

const DAY_MS = 86_400_000

/** Something a provider may be asked under that ends soon or has ended. */
export interface Lapse {
  readonly provider: string
  readonly what: 'review' | 'baa' | 'dpa' | 'transfer' | 'approval'
  /** Of an approval. */
  readonly model?: string
  /** First moment at which it does not count any more; absent where there never was one. */
  readonly endsMs?: number
  readonly isLapsed: boolean
}

/** The last day counts whole. */
export function endOf(date: string): number {
  return Date.parse(date) + DAY_MS
}

/** What ends within so many days from now, or has ended. An assessment that is missing has ended. */
export function lapsesOf(
  providers: ProvidersConfig,
  { nowMs, days }: { readonly nowMs: number; readonly days: number },
): readonly Lapse[] {
  const found: Lapse[] = []
  const look = (lapse: Pick<Lapse, 'provider' | 'what' | 'model'>, endsMs: number | undefined): void => {
    if (endsMs === undefined || endsMs > nowMs + days * DAY_MS) return
    found.push({ ...lapse, endsMs, isLapsed: endsMs <= nowMs })
  }
  for (const [provider, { review, baa, dpa, transfer, models }] of Object.entries(providers)) {
    if (review) look({ provider, what: 'review' }, Date.parse(review.on) + REVIEW_AGE_MAX_MS)
    else found.push({ provider, what: 'review', isLapsed: true })
    for (const [what, agreement] of Object.entries({ baa, dpa, transfer } as const)) {
      look({ provider, what: what as Lapse['what'] }, agreement && endOf(agreement.expires))
    }
    for (const [model, { approval }] of Object.entries(models)) {
      look({ provider, what: 'approval', model }, approval && endOf(approval.expires))
    }
  }
  return found
}
