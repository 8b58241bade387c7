import { z } from 'zod'

/**
 * Retention classes of an agent. `standard`: at least one year. `financial` and `phi`: at least seven, whatever else is configured.
 */
export const RETENTION_CLASSES = ['standard', 'financial', 'phi'] as const
export type RetentionClass = (typeof RETENTION_CLASSES)[number]
/** Class of an agent whose manifest names none. */
export const DEFAULT_RETENTION_CLASS: RetentionClass = 'standard'

/** Regimes whose floors and ceilings are known. */
export const REGIMES = ['hipaa', 'soc2', 'pci', 'gdpr', 'eu-ai-act', 'dpdp', 'cert-in'] as const
export type Regime = (typeof REGIMES)[number]

export const Regimes = z.array(z.enum(REGIMES)).max(REGIMES.length)

export const AgentRetention = z
  .strictObject({
    class: z.enum(RETENTION_CLASSES).meta({
      description: 'How long the agent’s records are kept: `standard` at least 1 year, `financial` and `phi` at least 7.',
    }),
    regimes: Regimes.default([]).meta({ description: 'Regimes that apply to the agent, besides those of the deployment.' }),
  })
  .meta({ id: 'AgentRetention', description: 'Retention of one agent’s records.' })
export type AgentRetention = z.infer<typeof AgentRetention>
