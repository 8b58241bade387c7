import { readFileSync, statSync } from 'node:fs'
import { GatewayError, lintPrompt, type PromptFault, sha256Hex } from '@sallyport/core'
import { z } from 'zod'
import { defineCommand } from '../../define-command.ts'
import { shown } from '../../shown.ts'
import { table } from '../../table.ts'

/** As large as a prompt may be that a gateway reads. */
const PROMPT_BYTES_MAX = 262_144

const Linted = z.strictObject({
  ok: z.boolean().meta({ description: 'Whether every prompt could be pinned: none has an error.' }),
  prompts: z.array(
    z.strictObject({
      file: z.string(),
      sha256: z.string().meta({ description: 'What `modelPolicy.prompt` names it by.' }),
      faults: z.array(
        z.strictObject({
          level: z.enum(['error', 'warning']),
          code: z.string(),
          line: z.int().optional(),
          problem: z.string(),
          todo: z.string(),
        }),
      ),
    }),
  ),
})

export const command = defineCommand({
  configure(command, act) {
    command
      .command('lint')
      .argument('<file...>', 'system prompts')
      .description('look for secrets, placeholders, text that hands over authority and missing boundaries; needs no home folder')
      .action(
        act(Linted, (_, files: readonly string[]) => {
          const prompts = files.map((file) => {
            const text = readPrompt(file)
            return { file, sha256: sha256Hex(text), faults: lintPrompt(text).map((fault) => ({ ...fault })) }
          })
          const ok = prompts.every(({ faults }) => faults.every(({ level }) => level !== 'error'))
          const text = prompts.map(({ file, sha256, faults }) => textOf(file, sha256, faults)).join('\n')
          return { output: { ok, prompts }, text, ...(ok ? {} : { exit: 'refused' as const }) }
        }),
      )
  },
})

function readPrompt(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat?.isFile()) throw new GatewayError('NOT_FOUND', `${file}: there is no such file`)
  if (stat.size > PROMPT_BYTES_MAX) throw new GatewayError('REQUEST_TOO_LARGE', `${file}: larger than ${PROMPT_BYTES_MAX} bytes`)
  return readFileSync(file, 'utf8')
}

function textOf(file: string, sha256: string, faults: readonly PromptFault[]): string {
  const errors = faults.filter(({ level }) => level === 'error').length
  const verdict = errors > 0 ? 'cannot be pinned' : 'ok'
  const head = `${verdict}  ${shown(file)}  ${sha256}`
  if (faults.length === 0) return head
  const rows = faults.map(({ level, line, problem, todo }) => [level, line, problem, todo])
  return `${head}\n${table(['LEVEL', 'LINE', 'PROBLEM', 'TO DO'], rows)}`
}
