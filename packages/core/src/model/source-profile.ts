import { z } from 'zod'
import { type IngestionChannel, INGESTION_CHANNELS, TRUST_LEVELS, type TrustLevel } from './channel.ts'
import { ClassName } from './class-name.ts'

/** What a person says of a source before its content may reach an agent (R226, R289). */
export const SourceProfile = z
  .strictObject({
    channel: z
      .enum(INGESTION_CHANNELS)
      .meta({ description: 'By which channel its content comes; chooses detectors and thresholds.' }),
    trust: z
      .enum(TRUST_LEVELS)
      .optional()
      .meta({ description: 'How far its content is trusted; by the channel unless set. Only `internal` content is not marked.' }),
    classes: z.array(ClassName).max(20).meta({
      description: 'Classes of data it holds; an empty list says that it holds none. Any other that is detected is reported.',
    }),
    purposes: z
      .array(z.string().min(1).max(500))
      .min(1)
      .max(50)
      .optional()
      .meta({ description: 'The only purposes its data may be used for, as the manifests of tasks write them.' }),
  })
  .meta({
    id: 'SourceProfile',
    description: 'Where content comes from and what it may hold. Without one a source stays quarantined.',
  })
export type SourceProfile = z.infer<typeof SourceProfile>

/** A source as decisions see it. */
export interface Source {
  readonly channel: IngestionChannel
  readonly trust: TrustLevel
  readonly classes: readonly string[]
  /** The only purposes its data may be used for; absent where any will do. */
  readonly purposes?: readonly string[]
}

const TRUST_OF: Readonly<Record<IngestionChannel, TrustLevel>> = {
  user: 'user',
  tool: 'api',
  database: 'api',
  document: 'document',
  email: 'email',
  web: 'web',
  retrieval: 'document',
  memory: 'agent',
  agent: 'agent',
}

/** What nobody described: the least trusted there is (R048). */
export const UNKNOWN_SOURCE: Source = { channel: 'tool', trust: 'unknown', classes: [] }

/** @param profile `undefined` for a source that nobody described. */
export function sourceOf(profile: SourceProfile | undefined): Source {
  if (!profile) return UNKNOWN_SOURCE
  const { channel, trust = TRUST_OF[channel], classes, purposes } = profile
  return { channel, trust, classes, ...(purposes && { purposes }) }
}
