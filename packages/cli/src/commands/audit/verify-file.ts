import { openSync, readFileSync, readSync, closeSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { BUNDLE_PROBLEMS, BundleReport, COVERAGES, GatewayError, verifyBundle, type BundleTrust } from '@sallyport/core'
import { readZip, sha256Native, ZIP_BYTES_MAX } from '@sallyport/gateway'
import { z } from 'zod'
import { defineCommand } from '../../define-command.ts'
import { collect, parseCount } from '../../options.ts'
import { shown } from '../../shown.ts'
import { statOf } from './read-text.ts'
import { readPolicy, readTrust, requireKey, Verified, verdict, verifyOffline, type VerifyFlags } from './verify-offline.ts'

const Verdict = z.union([
  z.strictObject({ kind: z.literal('bundle'), file: z.string(), ...BundleReport.shape }),
  z.strictObject({ kind: z.enum(['log', 'proof']), file: z.string(), ...Verified.shape }),
])
type Verdict = z.infer<typeof Verdict>

/** `sallyport verify`: whatever an auditor was handed, checked with nothing but files. */
export const command = defineCommand({
  configure(command, act) {
    command
      .argument('<file>', 'evidence bundle, proof, or folder of an exported log')
      .option('--key <file>', 'file with the public key of the log, from elsewhere than the bundle')
      .option('--keys <file>', 'file with the history of its keys, where there was more than one')
      .option('--root <key>', 'public key of the offline root that certified them')
      .option('--known <file>', 'a checkpoint held elsewhere; repeat it', collect)
      .option('--witness <key>', 'public key of a witness; repeat it', collect)
      .option('--at-least <count>', 'how many of these witnesses must have cosigned (all)', parseCount)
      .action(
        act(Verdict, async (_, file: string, flags: VerifyFlags) => {
          const output = await verifyPath(file, flags)
          const text = output.kind === 'bundle' ? bundleVerdict(output) : verdict(output)
          return { output, text, ...(output.ok ? {} : { exit: 'refused' as const }) }
        }),
      )
  },
})

async function verifyPath(file: string, flags: VerifyFlags): Promise<Verdict> {
  const stat = statOf(file)
  if (stat?.isDirectory() === true) {
    const log = existsSync(join(file, 'log')) ? join(file, 'log') : file
    return { kind: 'log', file, ...(await verifyOffline({ ...flags, log })) }
  }
  if (stat?.isFile() !== true) throw new GatewayError('REQUEST_PARAMS', `${file}: no such file`)
  if (!startsAsZip(file)) return { kind: 'proof', file, ...(await verifyOffline({ ...flags, proof: file })) }
  return { kind: 'bundle', file, ...verifyZip(file, stat.size, flags) }
}

function verifyZip(file: string, size: number, flags: VerifyFlags): BundleReport {
  if (flags.known !== undefined)
    throw new GatewayError('REQUEST_PARAMS', '--known: checkpoints are held against a log, not against a bundle')
  const policy = readPolicy(flags)
  const files = size > ZIP_BYTES_MAX ? undefined : readZip(readFileSync(file))
  if (!files) return { ok: false, isAuthentic: false, problem: { code: 'zip_invalid', means: BUNDLE_PROBLEMS.zip_invalid.means } }
  return verifyBundle(files, { ...trustOf(flags), ...policy, sha: sha256Native })
}

/** The root alone is enough for a bundle: it holds the history of the keys. */
function trustOf(flags: VerifyFlags): BundleTrust {
  if (flags.key === undefined && flags.keys === undefined)
    return flags.root === undefined ? {} : { roots: [requireKey(flags.root, '--root')] }
  const trusted = readTrust(flags)
  if ('problem' in trusted) throw new GatewayError('REQUEST_PARAMS', trusted.problem)
  return { keys: trusted.keys }
}

function startsAsZip(file: string): boolean {
  const start = Buffer.alloc(2)
  const handle = openSync(file, 'r')
  try {
    readSync(handle, start, 0, 2, 0)
  } finally {
    closeSync(handle)
  }
  return start.toString('latin1') === 'PK'
}

function bundleVerdict(report: Extract<Verdict, { kind: 'bundle' }>): string {
  const { problem, window, items = [], disclosed = 0, prunedTo = 0, coverage = 'selection', cosigned } = report
  if (problem !== undefined) {
    const at = problem.at === undefined ? '' : ` at ${typeof problem.at === 'number' ? `entry ${problem.at}` : shown(problem.at)}`
    return `DOES NOT VERIFY: ${problem.code}${at}: ${problem.means}${problem.detail === undefined ? '' : ` (${shown(problem.detail)})`}`
  }
  return [
    `ok  ${shown(report.origin ?? '')}  ${report.size} entries, bundle made ${shown(report.createdAt ?? '')}`,
    `    entries ${window?.from} to ${(window?.to ?? 0) - 1}, ${disclosed} disclosed, ${report.gaps} gaps said`,
    ...items.map(
      ({ id, selected, controls, query }) =>
        `    ${shown(id)}: ${selected} entries where ${shown(JSON.stringify(query))}${controls.length === 0 ? '' : `, for ${shown(controls.join(', '))}`}`,
    ),
    ...(coverage === 'entries' ? [] : [`    of the other entries it shows ${COVERAGES[coverage].means}`]),
    ...(window?.until !== undefined && window.to === report.size
      ? ['    the log ends before the window does: of what came later it shows nothing']
      : []),
    ...(prunedTo > 0 ? [`    entries before ${prunedTo} were pruned, as the operator says`] : []),
    cosigned === undefined || cosigned.names.length === 0
      ? '    no witness was asked for: whoever holds the key could show others another log'
      : `    cosigned by ${shown(cosigned.names.join(', '))}: the first ${cosigned.size} entries`,
  ].join('\n')
}
