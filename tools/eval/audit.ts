import { randomInt } from 'node:crypto'
import { faultLoop } from '../../packages/gateway/src/stores/files/fixtures/fault-loop.ts'
import { killAtEach } from '../../packages/gateway/src/stores/files/fixtures/kill-at-each.ts'
import { atLeast, exactly, type Program } from '../report.ts'
import { fieldAttacks } from './audit/field-attacks.ts'
import { fuzz } from './audit/fuzz.ts'
import { judgeIndependently } from './audit/independent.ts'
import { type Attack, missed } from './audit/judge.ts'
import { judgeProofs } from './audit/proof-attacks.ts'
import { structureAttacks } from './audit/structure-attacks.ts'
import { seeded } from './crash/seeded.ts'

/** Every so many-th file operation that fails or kills; rounds of random damage. */
const FULL = { faultStep: 1, killStep: 1, fuzzRounds: 200_000 }
const SHORT = { faultStep: 9, killStep: 23, fuzzRounds: 20_000 }
const CASES_MIN = 300
const SEED_MAX = 2 ** 32

/** How well the log defends itself: tampering, faults, proofs, an independent judge, hostile bytes. */
export const audit: Program = {
  about:
    'tampering of every field and file caught for the right reason, faults at every file operation, proofs judged by other code',
  run: async ({ short, note }) => {
    const size = short ? SHORT : FULL
    const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(SEED_MAX))
    const fields = await tried(fieldAttacks())
    const structure = await tried(structureAttacks())
    note(`${fields.cases + structure.cases} attacks on the log`)
    const proofs = await judgeProofs()
    const independent = await judgeIndependently()
    note(`${proofs.spoilt} spoilt proofs, ${independent.checks} judged by ${independent.judge}`)
    const faults = await sum(faultLoop('EIO', size.faultStep))
    const kills = await sum(killAtEach(size.killStep))
    note(`${faults.rounds} faults, ${kills.rounds} kills`)
    const fuzzed = await fuzz(size.fuzzRounds, seeded(seed))
    const cases = fields.cases + structure.cases
    const wrong = [...fields.missed, ...structure.missed]
    return {
      figures: {
        seed,
        fields,
        structure,
        proofs: { ...proofs },
        independent: { ...independent },
        faults,
        kills,
        fuzz: { ...fuzzed },
      },
      targets: {
        tamperCases: atLeast(cases, CASES_MIN),
        tamperCaughtPercent: exactly((100 * (cases - wrong.length)) / cases, 100),
        proofsWrong: exactly(proofs.wrong.length, 0),
        independentDisagreed: exactly(independent.disagreed.length, 0),
        faultLost: exactly(faults.lost, 0),
        faultUnverified: exactly(faults.unverified, 0),
        killLost: exactly(kills.lost, 0),
        killUnverified: exactly(kills.unverified, 0),
        fuzzThrown: exactly(fuzzed.thrown.length, 0),
        fuzzTaken: exactly(fuzzed.taken.length, 0),
      },
    }
  },
}

async function tried(attacks: AsyncIterable<Attack>): Promise<{ cases: number; missed: string[] }> {
  let cases = 0
  const wrong: string[] = []
  for await (const attack of attacks) {
    cases++
    const why = await missed(attack)
    if (why !== undefined) wrong.push(why)
  }
  return { cases, missed: wrong }
}

interface Round {
  readonly acknowledged: number
  readonly lost: number
  readonly verified: boolean
}

async function sum(
  rounds: AsyncIterable<Round>,
): Promise<{ rounds: number; acknowledged: number; lost: number; unverified: number }> {
  const total = { rounds: 0, acknowledged: 0, lost: 0, unverified: 0 }
  for await (const { acknowledged, lost, verified } of rounds) {
    total.rounds++
    total.acknowledged += acknowledged
    total.lost += lost
    total.unverified += verified ? 0 : 1
  }
  return total
}
