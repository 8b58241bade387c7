import { z } from 'zod'

/** Name of a follower’s cursor; it becomes a file name and a key. */
export const CursorName = z
  .string()
  .max(100)
  .regex(/^[a-z0-9][a-z0-9.-]*$/)
