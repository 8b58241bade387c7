import { isDeepStrictEqual } from 'node:util'
import {
  type Action,
  budgetsOf,
  type Facts,
  type Foresight,
  type Gathered,
  type Principal,
  repeatOf,
  type Spend,
  spendsOf,
  type Stages,
} from '@sallyport/core'
import { type Budgets, type Draw, isSpend, type Wanted } from './budgets.ts'
import type { Repeats } from './repeats.ts'

export interface ReserveDeps {
  readonly budgets: Budgets
  /** How often an act was repeated; where it is absent nothing is a loop. */
  readonly repeats?: Repeats
  /** Reads every fact again. */
  readonly gather: (principal: Principal, action: Action) => Promise<Gathered>
}

interface Reserving extends Pick<Stages<never>, 'reserve' | 'settle'>, Pick<Foresight<never>, 'foresee'> {
  /** Counts what an act used instead of what it reserved. */
  readonly spend: (facts: Pick<Facts, 'budget' | 'nowMs'>, used: readonly Spend[]) => void
}

/** Taking from the budgets and giving back, the same for every protocol. */
export function reserveBudgets({ budgets, repeats, gather }: ReserveDeps): Reserving {
  return { reserve, foresee, settle: (_principal, _action, facts) => giveBack(facts.budget, facts.nowMs), spend }

  // The pipeline's own stage: who, what, what is known, and what would follow.
  // oxlint-disable-next-line max-params -- see above
  function reserve(
    principal: Principal,
    action: Action,
    gathered: Gathered,
    wouldAllow: (gathered: Gathered) => boolean,
  ): Facts | Promise<Facts> {
    const { manifest, nowMs } = gathered
    const repeat = manifest && repeats && repeatOf(principal, action, manifest)
    const repeated = repeat && repeats.take(repeat, nowMs)
    if (repeat && repeated?.isLoop) {
      const limit = `${repeat.what} more than ${repeat.repeatsMax} times within ${repeat.windowMs} ms`
      const loop = { key: repeat.key, isLoop: true, atMs: nowMs }
      return { ...gathered, budget: { reserved: false, keys: [], loop, limit, retryAfterMs: repeated.retryAfterMs } }
    }
    const wantedOf = (now: Gathered): readonly Wanted[] =>
      now.manifest ? [...budgetsOf(principal, action, now.manifest), ...spendsOf(principal, action, now)] : []
    const wanted = wantedOf(gathered)
    const taken = take(wanted, gathered, wouldAllow)
    const withLoop = (budget: Facts['budget']): Facts['budget'] =>
      repeat ? { ...budget, loop: { key: repeat.key, isLoop: false, atMs: nowMs } } : budget
    return taken instanceof Promise ? taken.then(afterWait) : { ...gathered, budget: withLoop(taken) }

    async function afterWait(budget: Facts['budget']): Promise<Facts> {
      const now = await gather(principal, action).catch((error: unknown) => {
        giveBack(withLoop(budget), nowMs)
        throw error
      })
      if (isDeepStrictEqual(wantedOf(now), wanted)) return { ...now, budget: withLoop(budget) }
      // Other limits came into force during the wait: the calls are taken under those or not at all.
      giveBack(withLoop(budget), nowMs)
      return reserve(principal, action, now, wouldAllow)
    }
  }

  /** Only calls: amounts are drawn on by model calls, and those are not asked about. */
  // The same four as of `reserve`.
  // oxlint-disable-next-line max-params -- see above
  function foresee(
    principal: Principal,
    action: Action,
    gathered: Gathered,
    wouldAllow: (gathered: Gathered) => boolean,
  ): Facts | Promise<Facts> {
    const drawsOf = ({ manifest }: Gathered): readonly Draw[] => (manifest ? budgetsOf(principal, action, manifest) : [])
    const draws = drawsOf(gathered)
    const looked = budgets.peek(draws, gathered.nowMs, () => wouldAllow(gathered))
    if (!(looked instanceof Promise)) return { ...gathered, budget: looked }
    return looked.then(async (budget) => {
      const now = await gather(principal, action)
      return isDeepStrictEqual(drawsOf(now), draws) ? { ...now, budget } : foresee(principal, action, now, wouldAllow)
    })
  }

  /** Where calls are only observed, running out of them must not open the way past the amounts. */
  function take(
    wanted: readonly Wanted[],
    gathered: Gathered,
    wouldAllow: (gathered: Gathered) => boolean,
  ): Facts['budget'] | Promise<Facts['budget']> {
    const { manifest, nowMs } = gathered
    const spends = wanted.filter(isSpend)
    const isWanted = (): boolean => wouldAllow(gathered)
    const onlyAmounts = (budget: Facts['budget']): Facts['budget'] | Promise<Facts['budget']> => {
      const { reserved, exhausted, limit = '', retryAfterMs } = budget
      if (reserved || exhausted || spends.length === 0 || !manifest?.observe.has('rateLimit')) return budget
      const observed = { limit, ...(retryAfterMs !== undefined && { retryAfterMs }) }
      const again = budgets.reserve(spends, nowMs, isWanted)
      return again instanceof Promise ? again.then((one) => ({ ...one, observed })) : { ...again, observed }
    }
    const first = budgets.reserve(wanted, nowMs, isWanted)
    return first instanceof Promise ? first.then(onlyAmounts) : onlyAmounts(first)
  }

  function giveBack({ reserved, keys, spends = [], loop, atMs }: Facts['budget'], nowMs: number): void {
    if (loop?.isLoop === false) repeats?.giveBack(loop.key, loop.atMs)
    if (!reserved) return
    budgets.refund(keys, atMs ?? nowMs)
    if (spends.length > 0) spend({ budget: { reserved, keys, spends, ...(atMs !== undefined && { atMs }) }, nowMs }, none(spends))
  }

  function spend({ budget: { spends = [], atMs }, nowMs }: Pick<Facts, 'budget' | 'nowMs'>, used: readonly Spend[]): void {
    const changes = spends.flatMap(({ key, windowMs, amount }, i) => {
      const by = (used[i]?.amount ?? amount) - amount
      return by === 0 ? [] : [{ key, windowMs, by }]
    })
    if (changes.length > 0) budgets.adjust(changes, atMs ?? nowMs)
  }
}

function none(spends: readonly Spend[]): readonly Spend[] {
  return spends.map((spend) => ({ ...spend, amount: 0 }))
}
