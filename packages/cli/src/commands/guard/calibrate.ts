import { type Channel, flatten, GatewayError, type Json, RULE_SCORE, TRUST_LEVELS } from '@sallyport/core'
import { scannedAs, type Scanner } from '@sallyport/gateway'
import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import type { Act } from '../../define-command.ts'
import { listFiles } from './list-files.ts'
import { parseChannel, withScanner } from './open-home-scanner.ts'
import { thresholdFor, withThreshold } from './propose-thresholds.ts'
import { splitFile } from './split-file.ts'
import { wilson } from './wilson.ts'

/** With fewer, one false alarm in a hundred cannot be told from none. */
const DOCUMENTS_MIN = 200

const Calibrated = z.strictObject({
  channel: z.string(),
  trust: z.enum(TRUST_LEVELS),
  guard: z.string(),
  documents: z.int(),
  threshold: z.number().meta({ description: 'In force now for this trust.' }),
  alarms: z.int().meta({ description: 'Harmless documents that reach it.' }),
  rate: z.number(),
  low: z.number().meta({ description: 'Lower end of the 95 % Wilson interval of the rate.' }),
  high: z.number(),
  wanted: z.number(),
  proposed: z
    .record(z.enum(TRUST_LEVELS), z.number())
    .meta({ description: 'Thresholds with which the wanted rate is kept on these documents.' }),
})
type Calibrated = z.infer<typeof Calibrated>

/** `guard calibrate`: how often the classifier is wrong about one's own harmless traffic. Changes nothing. */
export function addCalibrateCommand(command: Command, act: Act): void {
  command
    .command('calibrate')
    .argument('<path>', 'harmless documents of your own: a folder with a file each, or JSONL with a document a line')
    .description('how often the classifier would stop your own harmless traffic, and thresholds for a wanted rate; changes nothing')
    .requiredOption('--channel <channel>', 'by which channel they come', parseChannel)
    .option('--rate <share>', 'false alarms to accept, as a share', parseShare, 0.01)
    .action(
      act(Calibrated, async ({ homeDir }, path: string, { channel, rate }: { channel: Channel; rate: number }) => {
        const output = await withScanner(homeDir, (scanner) => calibrate(scanner, path, { channel, wanted: rate }))
        return { output, text: textOf(output) }
      }),
    )
}

async function calibrate(
  scanner: Scanner,
  path: string,
  { channel, wanted }: { readonly channel: Channel; readonly wanted: number },
): Promise<Calibrated> {
  const as = scannedAs(channel)
  const scores: number[] = []
  for await (const text of documentsOf(scanner, path)) scores.push(await scanner.score(text, as))
  const documents = scores.length
  if (documents < DOCUMENTS_MIN)
    throw new GatewayError(
      'REQUEST_PARAMS',
      `${documents} documents are too few to tell a rate by: at least ${DOCUMENTS_MIN} are needed`,
    )
  const { thresholds } = scanner.policy
  const threshold = thresholds[as.trust]
  const alarms = scores.filter((score) => score >= threshold).length
  const proposed = { ...withThreshold(thresholds, as.trust, thresholdFor(scores, wanted)) }
  const rate = alarms / documents
  return {
    channel,
    trust: as.trust,
    guard: scanner.hash,
    documents,
    threshold,
    alarms,
    rate,
    ...wilson(alarms, documents),
    wanted,
    proposed,
  }
}

async function* documentsOf(scanner: Scanner, path: string): AsyncGenerator<string> {
  for (const { name, read } of listFiles(path)) {
    const bytes = read()
    const isLines = /\.(?:jsonl|ndjson)$/i.test(name)
    const parts = splitFile(name, bytes)
    if (parts && isLines) for (const { value } of parts) yield wordsOf(value)
    else yield parts ? new TextDecoder().decode(bytes) : wordsOf((await scanner.document(bytes)).texts)
  }
}

/** A text, the member `text`, or everything that is said in the value. */
function wordsOf(value: Json): string {
  if (typeof value === 'string') return value
  const text =
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as { readonly [name: string]: Json })['text']
      : undefined
  if (typeof text === 'string') return text
  return [...flatten(value)].flatMap(({ kind, text: words }) => (kind === 'string' ? [words] : [])).join('\n')
}

function textOf({ channel, trust, documents, threshold, alarms, rate, low, high, wanted, proposed }: Calibrated): string {
  const level = proposed[trust]
  const isHigh = level > RULE_SCORE && threshold <= RULE_SCORE
  return [
    `${documents} documents by ${channel}, trust ${trust}`,
    `at the threshold in force (${threshold}): ${alarms} false alarms, ${percent(rate)} (95 % interval ${percent(low)} to ${percent(high)})`,
    `for ${percent(wanted)}:`,
    '',
    'guard:',
    '  thresholds:',
    ...TRUST_LEVELS.map((one) => `    ${one}: ${proposed[one]}`),
    '',
    ...(isHigh
      ? [`a threshold above ${RULE_SCORE} also lets pass what rules find: label the false alarms instead (sallyport guard label)`]
      : []),
    'nothing was changed; a higher threshold lets more attacks pass: run sallyport guard test afterwards',
  ].join('\n')
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}

/** A share above 0 and below 1, for commander. */
function parseShare(text: string): number {
  const share = /^0?\.\d{1,6}$/.test(text) ? Number(text) : 0
  if (share <= 0) throw new InvalidArgumentError('write a share such as 0.01.')
  return share
}
