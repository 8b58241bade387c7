import { ApprovalRecord, CHANNELS, DelegationRecord, Id, Manifest, Pin, Sha256Hex } from '@sallyport/core'
import { z } from 'zod'
import { Confirmation } from './confirmation.ts'
import { ErasureRecord } from './erasure-record.ts'
import { HoldRecord } from './hold-record.ts'
import { EnrolmentRecord, IdentityRecord, identityKey, PasskeyRecord, WebSessionRecord } from './sign-in-records.ts'

const TimeMs = z.int().min(0)

/** An agent as the control plane knows it. */
export const AgentRecord = z.strictObject({
  id: Id,
  /** Rises with every isolation; credentials of a lower epoch are dead. */
  epoch: z.int().min(0),
  /** When the epoch last rose. */
  epochMs: TimeMs,
  isolated: z.strictObject({ sinceMs: TimeMs, by: z.string(), reason: z.string() }).optional(),
  createdMs: TimeMs,
  createdBy: z.string(),
})

/** A secret key of one agent. The secret itself is shown once and never stored. */
export const KeyRecord = z.strictObject({
  /** SHA-256 of the secret. 256 random bits need no slow hash. */
  hash: Sha256Hex,
  id: z.string().min(1).max(64),
  agent: Id,
  /** The only task type it may be used for; absent: it may only be exchanged. */
  task: Id.optional(),
  epoch: z.int().min(0),
  createdMs: TimeMs,
  createdBy: z.string(),
  expiresMs: TimeMs.optional(),
  revokedMs: TimeMs.optional(),
})

/** What a person is here for. Roles only add; none includes another. */
export const ROLES = [
  'owner',
  'admin',
  'engineer',
  'author',
  'security',
  'approver',
  'analyst',
  'auditor',
  'agent-owner',
  'compliance',
] as const
export type Role = (typeof ROLES)[number]

/** A person, with a key of their own where they use the command line. */
export const UserRecord = z.strictObject({
  id: Id,
  roles: z.array(z.enum(ROLES)).max(ROLES.length),
  /** Verified attributes, usable as `$user.<name>` in manifests. */
  attributes: z.record(z.string().max(64), z.union([z.string().max(200), z.number(), z.boolean()])),
  /** Ed25519, 32 bytes, base64; absent for people who sign in with a browser alone. */
  publicKey: z.base64().length(44).optional(),
  createdMs: TimeMs,
  createdBy: z.string(),
  disabledMs: TimeMs.optional(),
})

/** One content of an agent's manifest. Never changed once written. */
export const ManifestVersionRecord = z.strictObject({
  agent: Id,
  version: z.int().min(1),
  /** SHA-256 of the JCS bytes of the parsed manifest. */
  hash: Sha256Hex,
  manifest: Manifest,
  createdMs: TimeMs,
})

/** A person's signature under one manifest version, by a key of their own or by their passkey. Never changed once written. */
export const SignatureRecord = z.strictObject({
  agent: Id,
  version: z.int().min(1),
  hash: Sha256Hex,
  role: z.enum(ROLES),
  user: Id,
  reason: z.string().min(1).max(1_000),
  atMs: TimeMs,
  /** Ed25519, base64. */
  signature: z.base64().length(88).optional(),
  /** The passkey over the request that signed. */
  confirmation: Confirmation.optional(),
})

/** A one-time token that was used; kept until it would have expired anyway. */
export const SpentRecord = z.strictObject({ id: z.string().min(1).max(300), expiresMs: TimeMs })

/** The newest checkpoint of the audit log, so that a log that was rolled back is noticed at start. */
export const AuditHeadRecord = z.strictObject({ size: z.int().min(0), rootHash: Sha256Hex, atMs: TimeMs })

/** The newest checkpoint of this log that one witness cosigned, and whether the witness contradicts the log. */
export const CosignedRecord = z.strictObject({
  /** Name of the witness in the configuration. */
  witness: z.string().regex(/^[a-z0-9-]{1,64}$/),
  size: z.int().min(0),
  /** The note, with the log's signature and the cosignature; absent before the first one. */
  note: z.string().max(100_000).optional(),
  atMs: TimeMs,
  /** What the witness holds against this log. */
  contradiction: z
    .strictObject({ reason: z.enum(['rolled_back', 'forked']), witnessSize: z.int().min(0).optional(), atMs: TimeMs })
    .optional(),
})

/** A content that a person let out of quarantine: exactly this one passes from now on. */
export const ReleasedContentRecord = z.strictObject({
  /** Keyed commitment to it. */
  commitment: Sha256Hex,
  /** Entry that withheld it. */
  entry: z.int().min(0),
  by: Id,
  reason: z.string().max(1_000),
  atMs: TimeMs,
})

export const LABELS = ['missed', 'confirmed', 'false_alarm'] as const

/** What a person says of one content that the guard judged. The text lies in the vault; this is a line of the data set (R070). */
export const GuardLabelRecord = z.strictObject({
  id: z.string().min(1).max(64),
  label: z.enum(LABELS),
  channel: z.enum(CHANNELS),
  /** Where the vault keeps the text, and the commitment to check it against. */
  vault: z.strictObject({ id: z.string().max(100), key: z.string().max(100), ciphertext: Sha256Hex }),
  commitment: Sha256Hex,
  /** Version of the data set it came in with. */
  version: z.int().min(1),
  by: Id,
  atMs: TimeMs,
})

/** One version of the labelled data set: what was exported when, so that a training run can name what it was given (R070). */
export const GuardDatasetRecord = z.strictObject({
  version: z.int().min(1),
  /** Lines in it. */
  labels: z.int().min(0),
  /** SHA-256 of the file. */
  hash: Sha256Hex,
  by: Id,
  atMs: TimeMs,
})

/** The newest run of the attack suite against a gateway. */
export const GuardTestRecord = z.strictObject({
  /** Hash of the guard it was run against: another guard has not been tested. */
  guard: z.string().max(64),
  atMs: TimeMs,
  by: Id,
  attacks: z.int().min(0),
  stopped: z.int().min(0),
  benign: z.int().min(0),
  passed: z.int().min(0),
  /** SHA-256 of the whole report. */
  report: Sha256Hex,
})

/** The newest time that people let an act pass, stopped one, and let one lapse, for the sake of seeing that each does what it says. */
export const GateTestRecord = z.strictObject({
  /** Hash of what the configuration says of approvals: under another one it has not been tested. */
  config: Sha256Hex,
  agent: Id,
  approved: ApprovalRecord.shape.id,
  rejected: ApprovalRecord.shape.id,
  expired: ApprovalRecord.shape.id,
  /** Entries of the log that show it. */
  entries: z.array(z.int().min(0)).max(20),
  by: Id,
  atMs: TimeMs,
})

export type GateTestRecord = z.infer<typeof GateTestRecord>
export type ReleasedContentRecord = z.infer<typeof ReleasedContentRecord>
export type GuardDatasetRecord = z.infer<typeof GuardDatasetRecord>
export type GuardLabelRecord = z.infer<typeof GuardLabelRecord>
export type GuardTestRecord = z.infer<typeof GuardTestRecord>
export type AgentRecord = z.infer<typeof AgentRecord>
export type KeyRecord = z.infer<typeof KeyRecord>
export type UserRecord = z.infer<typeof UserRecord>
export type ManifestVersionRecord = z.infer<typeof ManifestVersionRecord>
export type SignatureRecord = z.infer<typeof SignatureRecord>
export type SpentRecord = z.infer<typeof SpentRecord>
export type AuditHeadRecord = z.infer<typeof AuditHeadRecord>
export type CosignedRecord = z.infer<typeof CosignedRecord>

/** Every kind of record: its schema, its key, and whether it may change after it was written. */
export const KINDS = {
  agent: { schema: AgentRecord, key: (value: AgentRecord) => value.id, immutable: false },
  approval: { schema: ApprovalRecord, key: (value: ApprovalRecord) => value.id, immutable: false },
  auditHead: { schema: AuditHeadRecord, key: () => 'head', immutable: false },
  cosigned: { schema: CosignedRecord, key: (value: CosignedRecord) => value.witness, immutable: false },
  delegation: { schema: DelegationRecord, key: (value: DelegationRecord) => value.id, immutable: false },
  enrolment: { schema: EnrolmentRecord, key: (value: EnrolmentRecord) => value.hash, immutable: false },
  erasure: { schema: ErasureRecord, key: (value: ErasureRecord) => value.id, immutable: false },
  gateTest: { schema: GateTestRecord, key: () => 'newest', immutable: false },
  guardDataset: {
    schema: GuardDatasetRecord,
    key: (value: GuardDatasetRecord) => String(value.version).padStart(8, '0'),
    immutable: true,
  },
  guardLabel: { schema: GuardLabelRecord, key: (value: GuardLabelRecord) => value.id, immutable: true },
  guardTest: { schema: GuardTestRecord, key: () => 'newest', immutable: false },
  hold: { schema: HoldRecord, key: (value: HoldRecord) => value.id, immutable: false },
  identity: { schema: IdentityRecord, key: identityKey, immutable: true },
  key: { schema: KeyRecord, key: (value: KeyRecord) => value.hash, immutable: false },
  manifestVersion: {
    schema: ManifestVersionRecord,
    key: (value: ManifestVersionRecord) => `${value.agent}/${String(value.version).padStart(8, '0')}`,
    immutable: true,
  },
  passkey: { schema: PasskeyRecord, key: (value: PasskeyRecord) => value.id, immutable: false },
  pin: { schema: Pin, key: (value: Pin) => `${value.server}.${value.tool}`, immutable: false },
  releasedContent: {
    schema: ReleasedContentRecord,
    key: (value: ReleasedContentRecord) => value.commitment,
    immutable: false,
  },
  signature: {
    schema: SignatureRecord,
    key: (value: SignatureRecord) => `${value.agent}/${value.version}/${value.role}/${value.user}`,
    immutable: true,
  },
  spent: { schema: SpentRecord, key: (value: SpentRecord) => value.id, immutable: false },
  user: { schema: UserRecord, key: (value: UserRecord) => value.id, immutable: false },
  webSession: { schema: WebSessionRecord, key: (value: WebSessionRecord) => value.hash, immutable: false },
} as const
export type Kind = keyof typeof KINDS

/** What the gateway notes of its own log, whenever it likes: nothing that anybody plans rests on it. */
export const UNPLANNED: ReadonlySet<string> = new Set<Kind>(['auditHead', 'cosigned'])

export interface Records {
  agent: AgentRecord
  approval: ApprovalRecord
  auditHead: AuditHeadRecord
  delegation: DelegationRecord
  enrolment: EnrolmentRecord
  gateTest: GateTestRecord
  identity: IdentityRecord
  passkey: PasskeyRecord
  webSession: WebSessionRecord
  erasure: ErasureRecord
  hold: HoldRecord
  cosigned: CosignedRecord
  key: KeyRecord
  manifestVersion: ManifestVersionRecord
  guardDataset: GuardDatasetRecord
  guardLabel: GuardLabelRecord
  guardTest: GuardTestRecord
  pin: Pin
  releasedContent: ReleasedContentRecord
  signature: SignatureRecord
  spent: SpentRecord
  user: UserRecord
}
