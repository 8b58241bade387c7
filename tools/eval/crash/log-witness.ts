import { readEntries } from '@sallyport/core'
import { logReader } from '@sallyport/gateway'

/** Looks into a log that another process writes. */
export interface LogWitness {
  /** Whether an allowed decision over these arguments is on disk now. */
  hasDecision(commitment: string): Promise<boolean>
}

/** Reads what was added since the last look only. */
export function watchLog(logDir: string): LogWitness {
  const read = logReader(logDir)
  const decided = new Set<string>()
  let next = 0
  let last: Promise<void> = Promise.resolve()

  async function readOn(): Promise<void> {
    for await (const { index, entry } of readEntries(read, next)) {
      if (entry.type === 'decision' && entry.enforced === 'allow') decided.add(entry.input.commitment)
      next = index + 1
    }
  }

  return {
    async hasDecision(commitment) {
      if (decided.has(commitment)) return true
      last = last.then(readOn)
      await last
      return decided.has(commitment)
    },
  }
}
