import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { type Channel, GatewayError } from '@sallyport/core'
import { LABEL_CHARS_MAX, LABELS, VERBS } from '@sallyport/gateway'
import { type Command, InvalidArgumentError } from 'commander'
import { openClient } from '../../control-client.ts'
import { type Act, defineCommand } from '../../define-command.ts'
import { given } from '../../options.ts'
import { shown } from '../../shown.ts'
import { table, time } from '../../table.ts'
import { addCalibrateCommand } from './calibrate.ts'
import { parseChannel, requireFile } from './open-home-scanner.ts'
import { addScanCommand } from './scan.ts'
import { statusText } from './status-text.ts'

type Label = (typeof LABELS)[number]

export const command = defineCommand({
  configure(command, act) {
    command
      .command('status')
      .description('layers of defence by agent and what weakens them, models, sources, last test, time to alert')
      .option('--agent <agent>', 'only this one')
      .action(
        act(VERBS['guard.status'].output, async (context, { agent }: { agent?: string }) => {
          const output = await openClient(context).call('guard.status', given({ agent }))
          return { output, text: statusText(output) }
        }),
      )
    command
      .command('test')
      .description('run the built-in attack suite against the guard that serves; the result is recorded')
      .option('--out <file>', 'write the report to a new file')
      .action(
        act(VERBS['guard.test'].output, async (context, { out }: { out?: string }) => {
          const output = await openClient(context).call('guard.test', {})
          const { report, hash } = output
          if (out !== undefined) writeNew(out, `${JSON.stringify(report)}\n`)
          const row = (name: string, { stopped, attacks, passed, benign }: typeof report.total): string[] => [
            name,
            `${stopped} of ${attacks}`,
            `${passed} of ${benign}`,
          ]
          const rows = [
            ...report.categories.map(({ category, ...counts }) => row(category, counts)),
            ...report.channels.map(({ channel, ...counts }) => row(`by ${channel}`, counts)),
            row('all', report.total),
          ]
          const missed = report.cases.filter(({ isStopped }) => !isStopped).map(({ id }) => id)
          const alarms = report.cases.filter(({ isPassed }) => !isPassed).map(({ id }) => id)
          const words = [
            table(['ATTACKS', 'STOPPED', 'HARMLESS PASSED'], rows),
            ...(missed.length > 0 ? [`not stopped: ${missed.join(', ')}`] : []),
            ...(alarms.length > 0 ? [`false alarms: ${alarms.join(', ')}`] : []),
            `report ${hash}, of guard ${report.guard.slice(0, 12)}`,
          ]
          return { output, text: words.join('\n') }
        }),
      )
    addLabelCommands(command, act)
    command
      .command('canary')
      .description('make a token to plant where nobody has a reason to read it; it is stopped on its way out')
      .requiredOption('--place <where>', 'where you will plant it; it is recorded')
      .action(
        act(VERBS['guard.canary'].output, async (context, { place }: { place: string }) => {
          const output = await openClient(context).call('guard.canary', { place })
          return { output, text: `${output.canary}\n\nThis token is shown once.` }
        }),
      )
    addScanCommand(command, act)
    addCalibrateCommand(command, act)
  },
})

function addLabelCommands(command: Command, act: Act): void {
  command
    .command('label')
    .argument('<entry-or-file>', 'an entry whose content is in quarantine, or a text file')
    .description('say of a text what it is; it becomes part of the data set for training')
    .requiredOption('--label <label>', `one of ${LABELS.join(', ')}`, parseLabel)
    .option('--channel <channel>', 'by which channel it came; for an entry, what its source says', parseChannel)
    .action(
      act(VERBS['guard.label'].output, async (context, what: string, { label, channel }: { label: Label; channel?: Channel }) => {
        const source = /^\d{1,15}$/.test(what) ? { entry: Number(what) } : { text: readText(what) }
        const output = await openClient(context).call('guard.label', { label, ...source, ...given({ channel }) })
        return { output, text: `${output.id}: ${output.label} by ${output.channel}, in version ${output.version} of the data set` }
      }),
    )
  command
    .command('labels')
    .description('what was labelled; with --out, the data set with its texts, as a new version')
    .option('--out <file>', 'write the data set to a new file, one JSON object a line')
    .action(
      act(VERBS['guard.labels'].output, async (context, { out }: { out?: string }) => {
        const output = await openClient(context).call('guard.labels', { export: out !== undefined })
        if (out !== undefined) {
          writeNew(out, output.lines ?? '')
          const gone = output.expired > 0 ? `, ${output.expired} without their text left out` : ''
          return {
            output: { ...output, lines: '' },
            text: `wrote version ${output.version}: ${output.labels.length - output.expired} label(s)${gone}\nSHA-256 ${output.hash}`,
          }
        }
        const rows = output.labels.map(({ id, label, channel, version, by, atMs }) => [
          id,
          label,
          channel,
          version,
          shown(by),
          time(atMs),
        ])
        return { output, text: table(['LABEL', 'AS', 'CHANNEL', 'VERSION', 'BY', 'TIME'], rows) }
      }),
    )
}

function parseLabel(text: string): Label {
  const found = LABELS.find((label) => label === text)
  if (found === undefined) throw new InvalidArgumentError(`write one of ${LABELS.join(', ')}.`)
  return found
}

function readText(file: string): string {
  if (statSync(requireFile(file)).size > LABEL_CHARS_MAX)
    throw new GatewayError('REQUEST_TOO_LARGE', `${file}: larger than ${LABEL_CHARS_MAX} bytes`)
  return readFileSync(file, 'utf8')
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    throw new GatewayError('CONFLICT', `${file}: exists, or cannot be written`, { cause })
  }
}
