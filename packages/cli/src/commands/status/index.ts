import { VERBS } from '@sallyport/gateway'
import type { z } from 'zod'
import { openClient } from '../../control-client.ts'
import { defineCommand } from '../../define-command.ts'
import { sizesLine } from '../../describe-entry.ts'
import { shown } from '../../shown.ts'

type Status = z.output<(typeof VERBS)['status']['output']>

export const command = defineCommand({
  configure(command, act) {
    command.action(
      act(VERBS.status.output, async (context) => {
        const output = await openClient(context).call('status', {})
        return { output, text: lines(output).join('\n') }
      }),
    )
  },
})

function lines({ running, agents, isolated, manifests, problems, log, witnesses }: Status): string[] {
  const proposed = manifests.filter((manifest) => manifest.proposed > 0)
  return [
    `gateway    ${running === undefined ? 'does not run' : `${running.url}, ${running.streams} streams`}`,
    `agents     ${agents}${isolated.length === 0 ? '' : `, isolated: ${isolated.map((agent) => shown(agent)).join(', ')}`}`,
    ...proposed.map(
      ({ agent, version, proposed: count }) => `manifest   ${agent} version ${version}: ${count} grants await signatures`,
    ),
    ...problems.map(({ agent, problem }) => `problem    ${agent}: ${shown(problem)}`),
    `log        ${sizesLine(log)}`,
    ...(witnesses === undefined ? [] : witnessLines(witnesses)),
  ]
}

function witnessLines({ atLeast, isOverdue, stopActs, witnesses }: NonNullable<Status['witnesses']>): string[] {
  const stopped = stopActs === 'never' ? 'nothing is stopped' : `${stopActs} acts are stopped`
  return [
    `witnesses  ${isOverdue ? `OVERDUE: fewer than ${atLeast} vouch for the log; ${stopped}` : `at least ${atLeast} vouch for the log`}`,
    ...witnesses.map(({ name, size, atMs, contradiction }) => {
      const when = atMs === undefined ? 'never cosigned' : `${size} entries, ${new Date(atMs).toISOString()}`
      const against =
        contradiction && `CONTRADICTS THE LOG: ${contradiction.reason}, it saw ${contradiction.witnessSize ?? 'other'} entries`
      return `  ${name.padEnd(8)} ${against ?? when}`
    }),
  ]
}
