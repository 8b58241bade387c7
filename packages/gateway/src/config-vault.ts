import { z } from 'zod'

/** `${env:NAME}` and `${file:path}` are replaced, as in every secret. */
const SecretText = z.string().min(1).max(10_000)

const LocalKeys = z.strictObject({ source: z.literal('local') })

export const AwsKmsKeys = z.strictObject({
  source: z.literal('aws-kms'),
  keyId: z.string().min(1).max(2_048).meta({ description: 'Id, alias or ARN of a symmetric key used for nothing else.' }),
  region: z.string().regex(/^[a-z0-9-]{1,40}$/),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ description: 'Another endpoint, such as a VPC endpoint.' }),
})
export type AwsKmsKeys = z.infer<typeof AwsKmsKeys>

export const TransitKeys = z.strictObject({
  source: z.literal('vault-transit'),
  url: z.url({ protocol: /^https?$/ }).meta({ description: 'Address of HashiCorp Vault or OpenBao; http only to loopback.' }),
  key: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,128}$/)
    .meta({
      description: 'Name of an aes256-gcm96 key used for nothing else: an erasure destroys its older versions.',
    }),
  mount: z
    .string()
    .regex(/^[A-Za-z0-9_./-]{1,200}$/)
    .default('transit'),
  namespace: z.string().max(200).optional(),
  token: SecretText.meta({ description: 'Token with the policy in docs/operating/erasure.md.' }),
  caFile: z.string().optional().meta({ description: 'Certificates to trust instead of the system’s.' }),
  allowPrivateNetwork: z.boolean().default(false),
})
export type TransitKeys = z.infer<typeof TransitKeys>

export const VaultConfig = z
  .strictObject({
    keys: z
      .discriminatedUnion('source', [LocalKeys, AwsKmsKeys, TransitKeys])
      .default({ source: 'local' })
      .meta({ description: 'What wraps the vault’s root key.' }),
    cacheMs: z.int().min(0).max(3_600_000).default(300_000).meta({ description: 'Longest time an unwrapped key stays in memory.' }),
  })
  .meta({ id: 'VaultConfig', description: 'Where content that policy keeps is encrypted, and under whose keys.' })
export type VaultConfig = z.infer<typeof VaultConfig>
