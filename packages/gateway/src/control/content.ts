import { DataClass, GatewayError, type Entry } from '@sallyport/core'
import { z } from 'zod'
import { AUTHORITY_CHARS_MAX } from '../erasure-record.ts'
import type { Role } from '../state-records.ts'
import { Purpose } from './audit-readers.ts'
import { defineVerb, type ControlDeps } from './define-verb.ts'

/** R134 R235: who may see content. Owning the deployment is no reason to read what it is about. */
const READERS: readonly Role[] = ['security', 'auditor']
const Subject = z
  .string()
  .min(1)
  .max(500)
  .meta({ description: 'Id of the person, as the argument names them, or `user:<issuer>/<id>`. It is not recorded.' })
const Index = z.int().min(0)
const Hash = z.string().length(64)

export const contentRead = defineVerb({
  name: 'content.read',
  summary: 'The content that an entry refers to, from the vault',
  roles: READERS,
  isLong: true,
  input: z.strictObject({
    index: Index,
    purpose: Purpose,
    part: z.enum(['content', 'reasoning']).default('content').meta({ description: 'What was said, or how a model came to it.' }),
  }),
  output: z.strictObject({ index: Index, class: DataClass, commitment: Hash, text: z.string() }),
  target: (input) => String(input.index),
  async run(deps, { index, purpose, part }, { user }) {
    const { vault } = requireVault(deps)
    const entry = index < (await deps.audit.size()) ? (await deps.audit.read(index, index + 1))[0] : undefined
    const content = entry && contentOf(entry, part)
    if (!entry || !content?.vault) throw new GatewayError('NOT_FOUND', 'no content was kept for this entry')
    deps.holds?.requireAccess(entry, user.roles)
    const { text, class: of } = await vault.read(content.vault, content.commitment)
    if (of === 'quarantine' && !user.roles.includes('security'))
      throw new GatewayError('IDENTITY_FORBIDDEN', 'what is in quarantine is for those who judge it')
    const subject = 'subject' in entry && entry.subject !== undefined ? { subject: entry.subject } : {}
    return {
      output: { index, class: of, commitment: content.commitment, text },
      detail: { purpose, class: of, bytes: content.bytes, ...subject },
    }
  },
})

const Counts = z.array(z.strictObject({ class: DataClass, month: z.string(), contents: z.int(), bytes: z.int() })).readonly()
const Holds = z.array(z.strictObject({ id: z.string(), ground: z.string(), notice: z.string() })).readonly()
const Found = z.strictObject({
  token: Hash.optional().meta({ description: 'Pseudonym in the log; absent for whom only sessions know.' }),
  keys: z.int(),
  counts: Counts,
  sessions: z.int().meta({ description: 'Sessions that remember what the person, as their user, said and was told.' }),
  entries: z
    .strictObject({ count: z.int(), first: Index.optional(), last: Index.optional(), isComplete: z.boolean() })
    .optional()
    .meta({ description: 'Entries that carry the pseudonym; absent where the log cannot be read.' }),
  holds: Holds,
})

export const subjectFind = defineVerb({
  name: 'subject.find',
  summary: 'What vault and log hold of a person, and the pseudonym to search the log by',
  roles: READERS,
  isLong: true,
  input: z.strictObject({ subject: Subject, purpose: Purpose }),
  output: z.strictObject({ found: Found.optional() }),
  async run(deps, { subject, purpose }) {
    const found = await requireVault(deps).erasures.find(subject)
    return { output: { ...(found && { found }) }, detail: { purpose, ...(found?.token !== undefined && { subject: found.token }) } }
  },
})

export const subjectErase = defineVerb({
  name: 'subject.erase',
  summary: 'Destroy a person’s keys and content, for good; the log keeps its entries and leads to nobody',
  roles: ['owner', 'security'],
  confirm: () => true,
  isLong: true,
  input: z.strictObject({
    subject: Subject,
    authority: z.string().trim().min(3).max(AUTHORITY_CHARS_MAX).meta({
      description: 'On whose request and by which right. It is recorded: do not name the person in it.',
    }),
    dryRun: z.boolean().default(false).meta({ description: 'Say what would be erased and what forbids it.' }),
  }),
  output: z.strictObject({
    status: z.enum(['nothing', 'waiting', 'erased', 'dry_run']),
    id: z.string().optional(),
    found: Found.optional(),
    certificate: Index.optional(),
    receipt: z.string().optional().meta({ description: 'Proof that the certificate is in the log (C2SP tlog-proof).' }),
    isDestroyed: z.boolean().optional().meta({
      description: 'Whether older copies of the keys are dead too; false with a key source that cannot destroy a version.',
    }),
  }),
  async run(deps, { subject, authority, dryRun }, { user }) {
    const { erasures } = requireVault(deps)
    if (dryRun) {
      const found = await erasures.find(subject)
      const status = found ? ('dry_run' as const) : ('nothing' as const)
      return {
        output: { status, ...(found && { found }) },
        detail: { authority, dryRun, status, ...(found?.token !== undefined && { subject: found.token }) },
      }
    }
    const done = await erasures.request({ subject, authority, by: user.id })
    const detail = { authority, status: done.status, ...(done.status === 'erased' ? { certificate: done.certificate } : {}) }
    return { output: { ...done }, detail }
  },
})

function requireVault({ vault, erasures }: ControlDeps): Required<Pick<ControlDeps, 'vault' | 'erasures'>> {
  if (vault && erasures) return { vault, erasures }
  throw new GatewayError('CONFLICT', 'no vault is open here')
}

function contentOf(entry: Entry, part: 'content' | 'reasoning') {
  if (part === 'reasoning') return entry.type === 'outcome' ? entry.model?.thought : undefined
  if (entry.type === 'decision') return entry.input
  return entry.type === 'outcome' ? entry.output : undefined
}
