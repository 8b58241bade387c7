import { DEFAULT_GUARD_POLICY, examine, exfiltrationDetector, guardArguments, sourceOf, type GuardFacts } from '@sallyport/core'
import { ALLOWED_HOSTS, attempts } from '../../../packages/core/src/inspect/detectors/exfiltration/fixtures/attempts.ts'
import type { Figure } from '../../report.ts'
import { wilson } from '../wilson.ts'

const GUARD: GuardFacts = {
  policy: DEFAULT_GUARD_POLICY,
  hash: '',
  source: sourceOf({ channel: 'web', classes: [] }),
  isProfiled: true,
  sessionClasses: [],
}
const READER = { scope: 'write', tier: 'low', cleared: [] } as const

/** Ways out of our own corpus and their harmless twins: as arguments, decided on as the gateway decides; and whether the way is named. */
export function scoreWaysOut(): Readonly<Record<string, Figure>> & { readonly stopped: number; readonly passed: number } {
  const detectors = [exfiltrationDetector({ allowedHosts: ALLOWED_HOSTS })]
  const isStopped = (text: string): boolean => {
    const { seen } = examine({ text }, { channel: 'arguments', detectors }).findings.result()
    const findings = seen.map(({ finding }) => finding)
    return guardArguments({ findings, guard: GUARD, agent: '', nowMs: 0 }, READER).votes.some(
      ({ reason }) => reason === 'exfiltration_detected',
    )
  }
  const out = attempts.filter(({ channel }) => channel === 'arguments' || channel === 'output')
  const stopped = out.filter(({ attack }) => isStopped(attack)).length
  const passed = out.filter(({ twin }) => !isStopped(twin)).length
  const named = attempts.filter(({ attack, channel, code }) =>
    examine({ text: attack }, { channel, detectors })
      .findings.result()
      .findings.some((finding) => finding.code === code),
  ).length
  return {
    attempts: out.length,
    stopped,
    stoppedInterval: wilson(stopped, out.length) as unknown as Figure,
    passed,
    passedInterval: wilson(passed, out.length) as unknown as Figure,
    namedOfAll: `${named} of ${attempts.length}`,
  }
}
