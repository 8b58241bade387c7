import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RENDERED } from '../deploy/rendered.ts'
import { exactly, type Measured, type Program } from '../report.ts'
import { installRequirements } from './peers.ts'

const CHECKER_DIR = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'conformance', 'deployment')
const OUTPUT_BYTES_MAX = 16 * 1_048_576
/** What every manifest is spoilt with, and the rule of the checker that must notice. */
const SPOILT: readonly (readonly [rule: string, from: RegExp, to: string])[] = [
  ['CKV_K8S_16', /privileged: false/, 'privileged: true'],
  ['CKV_K8S_20', /allowPrivilegeEscalation: false/, 'allowPrivilegeEscalation: true'],
  ['CKV_K8S_22', /readOnlyRootFilesystem: true/, 'readOnlyRootFilesystem: false'],
  ['CKV_K8S_37', /drop: \[ALL\]/, 'drop: []'],
  ['CKV_K8S_19', /hostNetwork: false/, 'hostNetwork: true'],
  ['CKV_K8S_17', /hostPID: false/, 'hostPID: true'],
  ['CKV_K8S_40', /runAsUser: 10001/, 'runAsUser: 0'],
  ['CKV_K8S_31', /type: RuntimeDefault/, 'type: Unconfined'],
  [
    'CKV_K8S_38',
    /automountServiceAccountToken: false\n {6}enableServiceLinks/,
    'automountServiceAccountToken: true\n      enableServiceLinks',
  ],
  ['CKV_K8S_43', /@sha256:0+/, ':latest'],
  ['CKV2_K8S_6', /kind: NetworkPolicy/, 'kind: NotAPolicy'],
]

/** What a policy checker that is not ours says of the rendered chart, and whether it would notice. */
export const deployment: Program = {
  about: 'the Helm chart under a policy checker: passes as it is, fails when spoilt',
  async run({ note }): Promise<Measured> {
    const programs = installRequirements(CHECKER_DIR, () => note('installing the policy checker (once)…'))
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-deployment-'))
    try {
      const rendered = readFileSync(RENDERED, 'utf8')
      const check = (text: string): Checked => runChecker(join(programs, 'checkov'), folder, text)
      const { passed, failed } = check(rendered)
      for (const rule of failed) note(`fails ${rule}`)
      const missed = SPOILT.filter(([rule, from, to]) => {
        const spoilt = rendered.replaceAll(new RegExp(from.source, 'g'), to)
        if (spoilt === rendered) throw new Error(`nothing to spoil for ${rule}`)
        return !check(spoilt).failed.includes(rule)
      }).map(([rule]) => rule)
      return {
        figures: { passedChecks: passed, failedRules: failed, spoiltCases: SPOILT.length, missedRules: missed },
        targets: { failedRules: exactly(failed.length, 0), missedRules: exactly(missed.length, 0) },
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

interface Checked {
  readonly passed: number
  /** Rules that some object breaks. */
  readonly failed: readonly string[]
}

function runChecker(program: string, folder: string, text: string): Checked {
  const file = join(folder, 'sallyport.yaml')
  writeFileSync(file, text)
  // Without its own network: nothing is looked up, nothing is sent.
  const args = ['-f', file, '--framework', 'kubernetes', '--output', 'json', '--skip-download', '--quiet', '--compact']
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX, cwd: folder })
  const report = JSON.parse(stdout) as { results?: { failed_checks?: { check_id: string }[] }; summary?: { passed: number } }
  if (!report.results || !report.summary) throw new Error(`the checker gave no report: ${stderr.slice(-500)}`)
  return {
    passed: report.summary.passed,
    failed: [...new Set((report.results.failed_checks ?? []).map((one) => one.check_id))].sort(),
  }
}
