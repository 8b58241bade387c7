import type { Entry } from '@sallyport/core'
import type { VERBS } from '@sallyport/gateway'
import type { z } from 'zod'
import { openClient } from '../../control-client.ts'
import type { Context } from '../../define-command.ts'
import { entryLine } from '../../describe-entry.ts'
import { ended } from '../../ended.ts'
import { given } from '../../options.ts'

/** Between two questions while nothing but them happens; each question is an entry of the log. */
const QUIET_MS = 1_000
/** Between two questions while entries come. */
const BUSY_MS = 100
const STEP = 500

type Tail = z.output<(typeof VERBS)['audit.tail']['output']>

/** Prints entries as they come until the program is ended; with `--json` each as one line. Its own reads are left out. */
export async function followTail(
  context: Context,
  flags: { readonly limit?: number; readonly from?: number; readonly purpose?: string },
): Promise<Tail> {
  const client = openClient(context)
  const { purpose } = flags
  const end = { isReached: false }
  const stop = ended().then(() => {
    end.isReached = true
  })
  let tail: Tail = await client.call('audit.tail', given(flags))
  let next = (flags.from ?? Math.max(0, tail.size - (flags.limit ?? 20))) + tail.entries.length
  for (;;) {
    const shown = tail.entries.filter((entry) => !isOwnRead(entry, client.user))
    for (const entry of shown) context.write(context.json ? JSON.stringify(entry) : entryLine(entry))
    const isBusy = shown.length > 0
    await Promise.race([stop, new Promise((resolve) => setTimeout(resolve, isBusy ? BUSY_MS : QUIET_MS))])
    if (end.isReached) return tail
    tail = await client.call('audit.tail', given({ from: next, limit: STEP, purpose }))
    next += tail.entries.length
  }
}

/** Showing the questions themselves would never end. */
function isOwnRead(entry: Entry, user: string): boolean {
  return entry.type === 'admin' && entry.verb === 'audit.tail' && entry.outcome === 'done' && entry.actor.id === user
}
