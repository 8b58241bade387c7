import { z } from 'zod'
import { defineCommand } from '../../define-command.ts'
import { shown } from '../../shown.ts'
import { examine } from './examine.ts'

const Report = z.strictObject({
  ok: z.boolean(),
  checks: z.array(z.strictObject({ name: z.string(), status: z.enum(['ok', 'warn', 'fail']), detail: z.string() })),
})

export const command = defineCommand({
  configure(command, act) {
    command.action(
      act(Report, async (context) => {
        const checks = await examine(context)
        const ok = checks.every((check) => check.status !== 'fail')
        const text = checks.map((check) => `${check.status.padEnd(4)}  ${check.name.padEnd(14)}  ${shown(check.detail)}`).join('\n')
        return { output: { ok, checks }, text, ...(ok ? {} : { exit: 'refused' as const }) }
      }),
    )
  },
})
