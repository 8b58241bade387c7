import { z } from 'zod'

/** Ids people choose: agents, servers, users, tasks. Lower case, so that no two differ by case only. */
export const Id = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, 'must be 1–64 of a–z, 0–9 and "-", not starting or ending with "-"')

/** `server.tool` as manifests write it: one server id, one dot, the tool's name at that server (SEP-986 characters). */
export const ToolName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\.[A-Za-z0-9_./-]{1,128}$/, 'must be "server.tool", without wildcards')

/** A millisecond duration with an upper bound of one day unless the field says otherwise. */
export const DurationMs = z.int().min(1).max(86_400_000)

/** SHA-256, lower-case hex. */
export const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/)

export const Domain = z
  .string()
  .max(253)
  .regex(/^(?:\*\.)?[^\s*@/:]+\.[^\s*@/:]+$/u, 'must be a domain such as "company.com", or "*.company.com" for its subdomains')

export const FieldPath = z.string().regex(/^[^.\s]+(?:\.[^.\s]+){0,7}$/, 'must be a field name or a dotted path')
