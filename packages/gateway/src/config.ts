import { AlertOptions, DurationMs, Id, SourceProfile } from '@sallyport/core'
import { z } from 'zod'
import { AnchorsConfig } from './config-anchors.ts'
import { ApprovalsConfig } from './config-approvals.ts'
import { CompletenessConfig } from './config-completeness.ts'
import { ConsoleConfig } from './config-console.ts'
import { GuardConfig } from './config-guard.ts'
import { MetricsConfig } from './config-metrics.ts'
import { ProvidersConfig } from './config-providers.ts'
import { RetentionConfig } from './config-retention.ts'
import { SinksConfig } from './config-sinks.ts'
import { StoreConfig } from './config-store.ts'
import { VaultConfig } from './config-vault.ts'
import { WitnessesConfig } from './config-witness.ts'

/** `${env:NAME}` and `${file:relative/path}` are replaced in secret fields only, at start, and never logged. */
const SecretText = z.string().max(10_000)

const ServerCommon = {
  source: SourceProfile.optional().meta({
    description:
      'What its content is. Until a person says so, everything of the server stays quarantined: nothing of it is called.',
  }),
  sources: z
    .record(z.string().max(256), SourceProfile)
    .default({})
    .meta({ description: 'The same for single tools, prompts or resources (by name or URI), where they differ.' }),
  prefix: z
    .string()
    .max(66)
    .regex(/^[A-Za-z0-9_-]*$/)
    .optional()
    .meta({ description: 'Prefix of the tool and prompt names agents see; `<server>__` unless set.' }),
  timeoutMs: DurationMs.default(30_000).meta({ description: 'Longest wait for one answer.' }),
  timeoutsMs: z.record(z.string(), DurationMs).default({}).meta({ description: 'Longest wait by tool name.' }),
  resultBytesMax: z
    .int()
    .min(1_024)
    .max(64 * 1_048_576)
    .default(4 * 1_048_576)
    .meta({ description: 'Largest result accepted.' }),
  pinRecheckMs: z
    .int()
    .min(0)
    .max(3_600_000)
    .default(1_000)
    .meta({ description: 'Definitions older than this are fetched again before a call; 0 means before every call.' }),
}

export const StdioServer = z.strictObject({
  transport: z.literal('stdio'),
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  cwd: z.string().optional(),
  env: z
    .record(z.string(), SecretText)
    .default({})
    .meta({ description: 'The whole environment of the process, besides PATH and HOME.' }),
  ...ServerCommon,
})

export const HttpServer = z.strictObject({
  transport: z.literal('http'),
  url: z.url({ protocol: /^https?$/ }),
  headers: z.record(z.string(), SecretText).default({}).meta({ description: 'Credentials of the gateway at this server.' }),
  agents: z
    .record(Id, z.strictObject({ headers: z.record(z.string(), SecretText) }))
    .default({})
    .meta({ description: 'Credentials used for one agent instead.' }),
  allowPrivateNetwork: z
    .boolean()
    .default(false)
    .meta({ description: 'Allow addresses of private ranges; loopback is always allowed.' }),
  ...ServerCommon,
})

export const ServerConfig = z.discriminatedUnion('transport', [StdioServer, HttpServer])
export type ServerConfig = z.infer<typeof ServerConfig>
export type StdioServer = z.infer<typeof StdioServer>
export type HttpServer = z.infer<typeof HttpServer>

export const Issuer = z.strictObject({
  issuer: z.string().min(1),
  jwksUrl: z.url({ protocol: /^https?$/ }).optional(),
  jwksFile: z.string().optional(),
  audience: z.string().min(1),
  algorithms: z
    .array(z.enum(['EdDSA', 'ES256', 'ES384', 'RS256', 'PS256']))
    .min(1)
    .default(['EdDSA', 'ES256', 'RS256']),
  clockSkewMs: z.int().min(0).max(300_000).default(30_000),
  /** What tokens of this issuer identify. */
  identifies: z.enum(['users', 'agents']),
  agentClaim: z.string().default('sub').meta({ description: 'Claim that names the agent.' }),
  taskClaim: z.string().optional().meta({ description: 'Claim that names the task type.' }),
  attributes: z.array(z.string()).default([]).meta({ description: 'Claims kept as user attributes.' }),
})
export type Issuer = z.infer<typeof Issuer>

export const Limits = z.strictObject({
  bodyBytesMax: z
    .int()
    .min(1_024)
    .max(64 * 1_048_576)
    .default(4 * 1_048_576),
  bytesInFlightMax: z
    .int()
    .min(1_048_576)
    .default(256 * 1_048_576)
    .meta({ description: 'Bodies of all requests and results in memory at once; beyond it callers get 503.' }),
  streamsMax: z.int().min(1).max(100_000).default(1_024),
})

export const Config = z
  .strictObject({
    apiVersion: z.literal('sallyport/v1'),
    listen: z
      .strictObject({
        host: z.string().default('127.0.0.1'),
        port: z.int().min(0).max(65_535).default(7_700),
        tls: z.strictObject({ certFile: z.string(), keyFile: z.string() }).optional(),
      })
      .prefault({}),
    publicUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .meta({ description: 'What agents call, when a proxy stands in front; its host is accepted in Host and Origin.' }),
    origins: z.array(z.string()).default([]).meta({ description: 'Browser origins allowed besides the gateway’s own.' }),
    servers: z.record(Id, ServerConfig).default({}),
    providers: ProvidersConfig,
    issuers: z.array(Issuer).max(20).default([]),
    manifests: z.string().default('manifests').meta({ description: 'Folder of manifest files, relative to this file.' }),
    prompts: z
      .string()
      .default('prompts')
      .meta({ description: 'Folder of system prompts, relative to this file; each is named by its SHA-256.' }),
    store: StoreConfig.default({ type: 'embedded' }),
    limits: Limits.prefault({}),
    guard: GuardConfig.prefault({}),
    approvals: ApprovalsConfig.prefault({}),
    console: ConsoleConfig.optional().meta({ description: 'Where people sign in with a browser; nobody does unless it is there.' }),
    vault: VaultConfig.prefault({}),
    retention: RetentionConfig.prefault({}),
    witnesses: WitnessesConfig.prefault({}),
    anchors: AnchorsConfig,
    sinks: SinksConfig,
    alerts: AlertOptions.prefault({}).meta({ description: 'Bounds beyond which an alert is raised.' }),
    metrics: MetricsConfig,
    completeness: CompletenessConfig.prefault({}),
    checkpointMs: z
      .int()
      .min(50)
      .max(1_000)
      .default(1_000)
      .meta({ description: 'Longest time between a durable entry and the checkpoint that covers it.' }),
  })
  .meta({ id: 'Config', description: 'Configuration of one gateway.' })
export type Config = z.infer<typeof Config>
