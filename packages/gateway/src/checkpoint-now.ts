import type { LogStore } from './log-store.ts'

/** A checkpoint over every entry that is durable by now: one that was being signed already may cover fewer. */
export async function checkpointNow(log: Pick<LogStore, 'checkpoint' | 'head' | 'size'>): Promise<string> {
  const size = await log.size()
  const note = await log.checkpoint()
  return log.head().size >= size ? note : log.checkpoint()
}
