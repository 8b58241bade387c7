import { GatewayError, type PromptFault } from '@sallyport/core'
import type { OperatorLog } from './operator-log.ts'
import type { PromptFolder } from './prompt-versions.ts'
import type { SystemAct } from './system-entries.ts'

/** Faults that one message or entry names. */
const NAMED_MAX = 5

export interface RequirePromptDeps {
  readonly prompts: Pick<PromptFolder, 'faults'>
  readonly record: (act: SystemAct) => void
  readonly log: OperatorLog
}

/**
 * Refuses to pin a system prompt that has an error; warns of one that has less, once.
 * @returns Throws GatewayError `CONFIG_INVALID` that says what is wrong, where, and what to do.
 */
export function promptRequirer({ prompts, record, log }: RequirePromptDeps): (hash: string) => void {
  const warned = new Set<string>()
  return (hash) => {
    const faults = prompts.faults(hash)
    const errors = faults.filter(({ level }) => level === 'error')
    if (errors.length > 0) throw new GatewayError('CONFIG_INVALID', `the system prompt ${hash} cannot be pinned: ${words(errors)}`)
    if (faults.length === 0 || warned.has(hash)) return
    warned.add(hash)
    log(`the system prompt ${hash} could be safer`, new Error(words(faults)))
    record({ verb: 'prompt.warned', target: hash, detail: { problems: faults.slice(0, NAMED_MAX).map(({ code }) => code) } })
  }
}

function words(faults: readonly PromptFault[]): string {
  const named = faults
    .slice(0, NAMED_MAX)
    .map(({ line, problem, todo }) => `${line === undefined ? '' : `line ${line}: `}${problem}; ${todo}`)
  const more = faults.length - named.length
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join(' | ')
}
