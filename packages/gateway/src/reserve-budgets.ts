import { isDeepStrictEqual } from 'node:util'
import { type Action, budgetsOf, type Facts, type Gathered, type Principal, type Stages } from '@sallyport/core'
import type { Budgets, Draw } from './budgets.ts'

export interface ReserveDeps {
  readonly budgets: Budgets
  /** Reads every fact again. */
  readonly gather: (principal: Principal, action: Action) => Promise<Gathered>
}

type Reserving = Pick<Stages<never>, 'reserve' | 'settle'>

/** Taking from the budgets and giving back, the same for every protocol. */
export function reserveBudgets({ budgets, gather }: ReserveDeps): Reserving {
  return { reserve, settle: (_principal, _action, facts) => giveBack(facts.budget, facts.nowMs) }

  // The pipeline's own stage: who, what, what is known, and what would follow.
  // oxlint-disable-next-line max-params -- see above
  function reserve(
    principal: Principal,
    action: Action,
    gathered: Gathered,
    wouldAllow: (gathered: Gathered) => boolean,
  ): Facts | Promise<Facts> {
    const drawsOf = ({ manifest }: Gathered): readonly Draw[] => (manifest ? budgetsOf(principal, action, manifest) : [])
    const draws = drawsOf(gathered)
    const budget = budgets.reserve(draws, gathered.nowMs, () => wouldAllow(gathered))
    return budget instanceof Promise ? budget.then(afterWait) : { ...gathered, budget }

    async function afterWait(taken: Facts['budget']): Promise<Facts> {
      const now = await gather(principal, action).catch((error: unknown) => {
        giveBack(taken, gathered.nowMs)
        throw error
      })
      if (isDeepStrictEqual(drawsOf(now), draws)) return { ...now, budget: taken }
      // Other limits came into force during the wait: the calls are taken under those or not at all.
      giveBack(taken, gathered.nowMs)
      return reserve(principal, action, now, wouldAllow)
    }
  }

  function giveBack({ reserved, keys, atMs }: Facts['budget'], nowMs: number): void {
    if (reserved) budgets.refund(keys, atMs ?? nowMs)
  }
}
