import type { RateLimit } from '../model/rate-limit.ts'
import type { CompiledManifest } from './compile.ts'

/** The longest window, in milliseconds, of any budget in a manifest: how far back its calls still count. */
export function longestWindowMs(manifest: CompiledManifest): number {
  const tasks = [...manifest.tasks.values()]
  const grants = tasks.flatMap((task): readonly { readonly rateLimit?: RateLimit }[] => [
    ...task.tools.values(),
    ...task.prompts.values(),
    ...task.resources.exact.values(),
  ])
  return Math.max(manifest.rateLimit.windowMs, ...grants.map((grant) => grant.rateLimit?.windowMs ?? 0))
}
