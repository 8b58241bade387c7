import type { AuditLog, EntryBody } from '@sallyport/core'
import type { Counters } from './counters.ts'

/** The same log; every entry appended through it is counted once it is durable, and how long that took. */
export function countAppends<L extends AuditLog>(
  log: L,
  counters: Pick<Counters, 'appended' | 'appendStarted' | 'appendFailed'>,
): L {
  const append = (body: EntryBody): Promise<number> => {
    const startMs = performance.now()
    counters.appendStarted()
    const appended = log.append(body)
    appended.then(
      () => counters.appended(body, performance.now() - startMs),
      () => counters.appendFailed(),
    )
    return appended
  }
  const bound = new Map<PropertyKey, unknown>([['append', append]])
  // A proxy and not a copy: adapters keep private members that only they themselves may touch.
  return new Proxy(log, {
    get(target, key) {
      if (bound.has(key)) return bound.get(key)
      const member: unknown = Reflect.get(target, key, target)
      if (typeof member !== 'function') return member
      const method: unknown = (member as (...values: unknown[]) => unknown).bind(target)
      bound.set(key, method)
      return method
    },
  })
}
