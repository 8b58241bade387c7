import { CHANNELS, commit, GatewayError, isGatewayError, sha256Hex, toHex } from '@sallyport/core'
import { z } from 'zod'
import { type GuardLabelRecord, LABELS } from '../state-records.ts'
import { defineVerb, type ControlDeps } from './define-verb.ts'
import { requireHeld, requireVault } from './quarantine.ts'

/** Longest text that is labelled, in UTF-16 units. */
export const LABEL_CHARS_MAX = 200_000
/** Most text in one export, in UTF-16 units. */
const EXPORT_CHARS_MAX = 32 * 1_048_576
const ID_BYTES = 8

const Index = z.int().min(0)
const Channel = z.enum(CHANNELS)
const Label = z.enum(LABELS)

/** Both in the queue of what may take long, so that no label falls between two versions. */
export const guardLabel = defineVerb({
  name: 'guard.label',
  summary: 'Say of a text what it is: an attack that was missed, one that was stopped, or a false alarm',
  roles: ['security', 'analyst'],
  isLong: true,
  input: z
    .strictObject({
      label: Label,
      entry: Index.optional().meta({ description: 'Entry whose content is in quarantine.' }),
      text: z.string().min(1).max(LABEL_CHARS_MAX).optional().meta({ description: 'The text itself, where no entry has it.' }),
      channel: Channel.optional().meta({ description: 'By which channel it came; that of the entry unless set.' }),
    })
    .refine(({ entry, text }) => (entry === undefined) !== (text === undefined), 'must name an entry or give a text')
    .refine(({ entry, channel }) => entry !== undefined || channel !== undefined, 'must name the channel of a text'),
  output: z.strictObject({ id: z.string(), label: Label, channel: Channel, version: z.int() }),
  target: ({ entry }) => (entry === undefined ? 'text' : String(entry)),
  async run(deps, input, { user }) {
    const { label } = input
    const { text, channel } = await textOf(deps, input, user.roles)
    const vault = await requireVault(deps).keep({ class: 'quarantine', text })
    const commitment = commit(deps.home.deriveKey('commit'), text)
    const version = nextVersion(deps)
    const id = toHex(deps.randomBytes(ID_BYTES))
    const value = { id, label, channel, vault: { ...vault }, commitment, version, by: user.id, atMs: deps.nowMs() }
    return {
      output: { id, label, channel, version },
      changes: [{ op: 'insert', kind: 'guardLabel', value }],
      detail: { label: id, as: label, channel, commitment, version },
    }
  },
})

const Line = z.strictObject({ id: z.string(), label: Label, channel: Channel, version: z.int(), by: z.string(), atMs: z.int() })

export const guardLabels = defineVerb({
  name: 'guard.labels',
  summary: 'The labels; with `export`, the data set with its texts, as a new version',
  roles: ['security', 'analyst'],
  isLong: true,
  input: z.strictObject({ export: z.boolean().default(false).meta({ description: 'Make a new version and give the texts out.' }) }),
  output: z.strictObject({
    version: z.int().meta({ description: 'Of the export, or of the last one; 0 before the first.' }),
    labels: z.array(Line),
    lines: z.string().optional().meta({ description: 'The data set: one JSON object a line, with `text`.' }),
    hash: z.string().optional().meta({ description: 'SHA-256 of `lines`.' }),
    expired: z.int().meta({ description: 'Labels whose text is gone: its time was over, or it was erased.' }),
  }),
  async run(deps, input, { user }) {
    const labels = deps.state.guardLabels()
    const listed = labels.map(lineOf)
    if (!input.export)
      return { output: { version: nextVersion(deps) - 1, labels: listed, expired: 0 }, detail: { labels: labels.length } }
    const version = nextVersion(deps)
    const { lines, kept } = await readAll(deps, labels)
    const hash = sha256Hex(lines)
    const expired = labels.length - kept
    return {
      output: { version, labels: listed, lines, hash, expired },
      changes: [{ op: 'insert', kind: 'guardDataset', value: { version, labels: kept, hash, by: user.id, atMs: deps.nowMs() } }],
      detail: { version, labels: kept, expired, hash },
    }
  },
})

async function textOf(
  deps: ControlDeps,
  {
    entry,
    text,
    channel,
  }: {
    readonly entry?: number | undefined
    readonly text?: string | undefined
    readonly channel?: GuardLabelRecord['channel'] | undefined
  },
  roles: Parameters<NonNullable<ControlDeps['holds']>['requireAccess']>[1],
): Promise<{ readonly text: string; readonly channel: GuardLabelRecord['channel'] }> {
  if (text !== undefined && channel !== undefined) return { text, channel }
  const held = await requireHeld(deps, entry ?? 0)
  deps.holds?.requireAccess(held, roles)
  const found = await requireVault(deps).read(held.output.vault, held.output.commitment)
  if (found.text.length > LABEL_CHARS_MAX)
    throw new GatewayError('REQUEST_TOO_LARGE', `longer than ${LABEL_CHARS_MAX} characters; label the part that matters as a text`)
  return { text: found.text, channel: channel ?? CHANNELS.find((one) => one === held.source?.channel) ?? 'tool' }
}

async function readAll(
  deps: ControlDeps,
  labels: readonly GuardLabelRecord[],
): Promise<{ readonly lines: string; readonly kept: number }> {
  const vault = requireVault(deps)
  let lines = ''
  let kept = 0
  for (const label of labels) {
    try {
      const { text } = await vault.read(label.vault, label.commitment)
      lines += `${JSON.stringify({ ...lineOf(label), text })}\n`
      kept++
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'CONTENT_ERASED') throw error
    }
    if (lines.length > EXPORT_CHARS_MAX) throw new GatewayError('REQUEST_TOO_LARGE', 'the data set is larger than 32 MiB')
  }
  return { lines, kept }
}

function nextVersion({ state }: ControlDeps): number {
  return (state.guardDatasets().at(-1)?.version ?? 0) + 1
}

function lineOf({ id, label, channel, version, by, atMs }: GuardLabelRecord): z.infer<typeof Line> {
  return { id, label, channel, version, by, atMs }
}
