import { BUDGET_WINDOWS_MS } from '../model/model-budget.ts'
import type { RateLimit } from '../model/rate-limit.ts'
import type { CompiledManifest } from './compile.ts'
import { heldMs } from './spends.ts'

/** The longest window, in milliseconds, of any budget in a manifest: how far back its calls still count. */
export function longestWindowMs(manifest: CompiledManifest): number {
  const tasks = [...manifest.tasks.values()]
  const grants = tasks.flatMap((task): readonly { readonly rateLimit?: RateLimit | undefined }[] => [
    ...task.tools.values(),
    ...task.prompts.values(),
    ...task.resources.exact.values(),
    task.models.policy,
  ])
  const budgets = [...manifest.modelBudgets, ...tasks.flatMap((task) => task.models.policy.budgets ?? [])]
  return Math.max(
    manifest.rateLimit.windowMs,
    ...grants.map((grant) => grant.rateLimit?.windowMs ?? 0),
    ...budgets.map(({ window }) => heldMs(BUDGET_WINDOWS_MS[window])),
  )
}
