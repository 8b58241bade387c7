/** Channels by which text enters an agent's context. */
export const INGESTION_CHANNELS = ['user', 'tool', 'database', 'document', 'email', 'web', 'retrieval', 'memory', 'agent'] as const
export type IngestionChannel = (typeof INGESTION_CHANNELS)[number]

/** Where inspected text comes from, or, for the last two, where it is going: `arguments` to a tool, `output` to a person. */
export const CHANNELS = [...INGESTION_CHANNELS, 'definition', 'arguments', 'output'] as const
export type Channel = (typeof CHANNELS)[number]

/** How far a source is trusted, least first; each level has a threshold of its own (R058). `unknown` is what nobody described. */
export const TRUST_LEVELS = ['unknown', 'web', 'email', 'document', 'user', 'agent', 'api', 'internal'] as const
export type TrustLevel = (typeof TRUST_LEVELS)[number]
