import { z } from 'zod'
import { Scope } from './manifest.ts'
import { Id, Sha256Hex } from './names.ts'

/** A tool definition as a server offers it. Everything in it is the server's claim. */
export const ToolDefinition = z.looseObject({
  name: z.string().min(1).max(128),
  title: z.string().optional(),
  description: z.string().optional(),
  inputSchema: z.record(z.string(), z.json()),
  outputSchema: z.record(z.string(), z.json()).optional(),
  annotations: z.record(z.string(), z.json()).optional(),
})
export type ToolDefinition = z.infer<typeof ToolDefinition>

/** A person's review of one exact tool definition. `hash` is SHA-256 of server identity and definition (`pinHash`). */
export const Pin = z.strictObject({
  server: Id,
  tool: z.string(),
  hash: Sha256Hex,
  definition: ToolDefinition,
  /** What the reviewer says the tool does, whatever its annotations claim. */
  effect: Scope,
  reviewedBy: z.string(),
  reviewedAtMs: z.int(),
})
export type Pin = z.infer<typeof Pin>

export const PIN_STATES = ['approved', 'new', 'changed', 'colliding', 'lookalike', 'invalid'] as const
/** Where one offered tool stands. Only `approved` is visible and callable. */
export type PinState = (typeof PIN_STATES)[number]
