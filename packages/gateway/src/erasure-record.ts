import { Sha256Hex } from '@sallyport/core'
import { z } from 'zod'

const Index = z.int().min(0)

/** Longest words on whose authority something is erased, in characters. They are recorded: no person is named in them. */
export const AUTHORITY_CHARS_MAX = 500

/** One request to erase a person, from the request to the certificate. */
export const ErasureRecord = z.strictObject({
  id: z.string().regex(/^erasure-[0-9a-f]{16}$/),
  /** `waiting` for holds to end; `running` from the first key destroyed on; `done` with its certificate in the log. */
  status: z.enum(['waiting', 'running', 'done']),
  /** Name of the person's row in the vault; gone when done, so that nothing leads from a person to a pseudonym. */
  lookup: Sha256Hex.optional(),
  authority: z.string().min(3).max(AUTHORITY_CHARS_MAX),
  by: z.string().max(100),
  atMs: z.int().min(0),
  /** Entry that says what is about to be destroyed. */
  started: Index.optional(),
  /** Entry that says what was. */
  certificate: Index.optional(),
})
export type ErasureRecord = z.infer<typeof ErasureRecord>
