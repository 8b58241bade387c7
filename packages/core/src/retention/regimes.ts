import type { Regime } from '../model/retention.ts'
import { YEAR_DAYS, type RecordClass } from './record-classes.ts'

type Days = Readonly<Partial<Record<RecordClass, number>>>

export interface RegimeRule {
  readonly source: string
  /** Keep at least, in days. */
  readonly floors: Days
  /** Must not be kept longer, in days. */
  readonly ceilings: Days
}

const records = (days: number): Days => ({ skeleton: days, config: days })
const SIX_YEARS_DAYS = 2_192

/**
 * Floors and ceilings of regimes, as data. Readings, not legal advice: where a text names no figure for logs, the figure is the one
 * usual in audits, and the source says so.
 */
export const REGIME_RULES: Readonly<Record<Regime, RegimeRule>> = {
  hipaa: { source: '45 CFR 164.316(b)(2)(i): six years for required documentation', floors: records(SIX_YEARS_DAYS), ceilings: {} },
  soc2: { source: 'no figure in the criteria; one observation window of twelve months', floors: records(YEAR_DAYS), ceilings: {} },
  pci: { source: 'PCI DSS 4.0.1, 10.5.1: twelve months', floors: records(YEAR_DAYS), ceilings: {} },
  gdpr: { source: 'Art. 5(1)(c), (e): no figure; 30 days for reasoning is ours', floors: {}, ceilings: { reasoning: 30 } },
  'eu-ai-act': { source: 'Art. 19(1), 26(6): at least six months', floors: { ...records(184), payload: 184 }, ceilings: {} },
  dpdp: {
    source: 'DPDP Rules 2025, 6(1)(e) and 8(3): one year, then erase',
    floors: { ...records(YEAR_DAYS), payload: YEAR_DAYS },
    ceilings: { ...records(YEAR_DAYS), payload: YEAR_DAYS, detector: YEAR_DAYS, reasoning: YEAR_DAYS },
  },
  'cert-in': { source: 'CERT-In Directions 2022, (iv): 180 days rolling', floors: records(180), ceilings: {} },
}
