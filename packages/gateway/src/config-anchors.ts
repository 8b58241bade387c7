import { z } from 'zod'

const SecretText = z.string().max(10_000)
const EveryMs = (byDefault: number) =>
  z
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(byDefault)
    .meta({ description: 'Shortest time between two checkpoints it is given, in milliseconds.' })
const AllowPrivate = z
  .boolean()
  .default(false)
  .meta({ description: 'Allow addresses of private ranges; loopback is always allowed.' })

export const S3AnchorConfig = z.strictObject({
  type: z.literal('s3'),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
    .meta({ description: 'A bucket with Object Lock.' }),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .default('us-east-1'),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ description: 'S3-compatible storage; Amazon’s own when left out. Plain http to loopback only.' }),
  accessKeyId: SecretText.meta({
    description: 'A key that may put and get objects and nothing else, as `${env:NAME}` or `${file:path}`.',
  }),
  secretAccessKey: SecretText,
  sessionToken: SecretText.optional(),
  prefix: z
    .string()
    .max(200)
    .regex(/^(?:[A-Za-z0-9_-]+\/)*$/)
    .default('')
    .meta({ description: 'In front of every name, such as "prod/".' }),
  mode: z.enum(['compliance', 'governance']).default('compliance').meta({
    description: 'Object Lock mode: in compliance mode nobody, not the account’s owner either, removes an object before its time.',
  }),
  retainDays: z
    .int()
    .min(1)
    .max(36_525)
    .default(2_557)
    .meta({ description: 'Days each object is locked. In compliance mode that cannot be taken back.' }),
  bundles: z.boolean().default(true).meta({
    description: 'Copy the entries too, not only their hashes. Entries hold commitments and redacted structure, never content.',
  }),
  everyMs: EveryMs(300_000),
  allowPrivateNetwork: AllowPrivate,
})
export type S3AnchorConfig = z.infer<typeof S3AnchorConfig>

export const Rfc3161AnchorConfig = z.strictObject({
  type: z.literal('rfc3161'),
  url: z
    .url({ protocol: /^https?$/ })
    .meta({ description: 'A time stamp authority. Plain http is allowed: answers are signed, and a request holds a hash alone.' }),
  roots: z
    .string()
    .min(1)
    .max(500)
    .meta({ description: 'PEM file with the root certificates its answers must chain to, relative to this file.' }),
  everyMs: EveryMs(3_600_000),
  allowPrivateNetwork: AllowPrivate,
})
export type Rfc3161AnchorConfig = z.infer<typeof Rfc3161AnchorConfig>

/** Places outside the operator’s reach that hold the log to its word. */
export const AnchorsConfig = z
  .array(z.discriminatedUnion('type', [S3AnchorConfig, Rfc3161AnchorConfig]))
  .max(2)
  .refine((anchors) => new Set(anchors.map(({ type }) => type)).size === anchors.length, 'must name each type once')
  .default([])
  .meta({ description: 'Where checkpoints are put out of everyone’s reach; an entry is `anchored` once all of them cover it.' })
export type AnchorsConfig = z.infer<typeof AnchorsConfig>
