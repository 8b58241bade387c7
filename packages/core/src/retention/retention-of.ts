import type { Regime, RetentionClass } from '../model/retention.ts'
import { RECORD_CLASSES, SEVEN_YEARS_DAYS, YEAR_DAYS, type RecordClass } from './record-classes.ts'
import { REGIME_RULES } from './regimes.ts'

/** A person's answer to a floor above a ceiling. Applies wherever exactly these two meet. */
export interface RetentionChoice {
  /** Whose floor. */
  readonly floorOf: Regime | RetentionClass
  /** Whose ceiling. */
  readonly ceilingOf: Regime
  readonly keep: 'floor' | 'ceiling'
  readonly by: string
  readonly reason: string
}

export interface RetentionRules {
  /** Regimes of the deployment, which apply to everything. */
  readonly regimes: readonly Regime[]
  /** Days by record class, where another number than the table's is wanted. */
  readonly days: Readonly<Partial<Record<RecordClass, number>>>
  readonly choices: readonly RetentionChoice[]
}

/** Whose records they are. */
export interface RetentionSubject {
  readonly class: RetentionClass
  readonly regimes: readonly Regime[]
}

/** Floor and ceiling contradict each other. Nothing is deleted until a person chooses. */
export interface RetentionConflict {
  readonly record: RecordClass
  readonly floorOf: Regime | RetentionClass
  readonly floorDays: number
  readonly ceilingOf: Regime
  readonly ceilingDays: number
}

export interface Retention {
  /** Days after which a record is deleted, and before which deleting it is refused; `Infinity` for never. */
  readonly days: number
  readonly conflict?: RetentionConflict
}

/** Least days of records of an agent's class. Built in: no configuration goes below (R132). */
const CLASS_FLOORS: Readonly<Record<RetentionClass, number>> = {
  standard: YEAR_DAYS,
  financial: SEVEN_YEARS_DAYS,
  phi: SEVEN_YEARS_DAYS,
}

/**
 * How long records of a class are kept: as long as configured, but never less than the largest floor that applies, and never more than
 * the smallest ceiling. A floor above a ceiling is a conflict: kept until a person chooses. Choosing the ceiling does not go below the
 * floor of an agent's class.
 */
export function retentionOf(record: RecordClass, subject: RetentionSubject, rules: RetentionRules): Retention {
  if (record === 'custody') return { days: Infinity }
  const regimes = [...new Set([...rules.regimes, ...subject.regimes])]
  const floors: { of: Regime | RetentionClass; days: number }[] = regimes.map((of) => ({
    of,
    days: REGIME_RULES[of].floors[record] ?? 0,
  }))
  if (record === 'skeleton' || record === 'config') floors.push({ of: subject.class, days: CLASS_FLOORS[subject.class] })
  const ceilings = regimes.map((of) => ({ of, days: REGIME_RULES[of].ceilings[record] ?? Infinity }))
  const ceiling = ceilings.reduce((least, one) => (one.days < least.days ? one : least), { of: 'gdpr' as Regime, days: Infinity })
  const over = floors.filter((floor) => floor.days > ceiling.days)
  const chosen = over.map((floor) => ({ floor, choice: findChoice(rules.choices, floor.of, ceiling.of) }))
  const open = chosen.find(({ floor, choice }) => choice === undefined || (choice.keep === 'ceiling' && floor.of === subject.class))
  if (open) {
    const { of: floorOf, days: floorDays } = open.floor
    return { days: Infinity, conflict: { record, floorOf, floorDays, ceilingOf: ceiling.of, ceilingDays: ceiling.days } }
  }
  const yielding = new Set(chosen.filter(({ choice }) => choice?.keep === 'ceiling').map(({ floor }) => floor.of))
  const floor = Math.max(0, ...floors.filter(({ of }) => !yielding.has(of)).map(({ days }) => days))
  const wanted = Math.max(floor, rules.days[record] ?? RECORD_CLASSES[record].days)
  return { days: Math.max(floor, Math.min(wanted, ceiling.days)) }
}

/** A conflict in words, for those who have to choose. */
export function explainConflict({ record, floorOf, floorDays, ceilingOf, ceilingDays }: RetentionConflict): string {
  return `${record}: ${floorOf} keeps at least ${floorDays} days and ${ceilingOf} allows at most ${ceilingDays}; a person must choose`
}

function findChoice(
  choices: readonly RetentionChoice[],
  floorOf: Regime | RetentionClass,
  ceilingOf: Regime,
): RetentionChoice | undefined {
  return choices.find((choice) => choice.floorOf === floorOf && choice.ceilingOf === ceilingOf)
}
