import type { PayingWorld } from './world.ts'

export interface Raced {
  readonly races: number
  /** Acts that ran more than once for one approval. */
  readonly doubles: number
  /** Acts that ran without one. */
  readonly ungranted: number
  /** Approved acts that did not run in their race. */
  readonly missed: number
}

/** Calls that race for one approval. */
const CALLS = 4
/** Races at a time. */
const LANES = 4
/** One in so many is rejected, and one in so many never decided: nothing of them may run. */
const REJECTED_EACH = 5

/** Asks, decides, and lets several calls of the same act race for the one approval, at every gateway. */
export async function race(world: PayingWorld, races: number): Promise<Raced> {
  const approved = new Map<string, boolean>()
  let left = races
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const amount = world.amount()
      const args = { amount, to: 'Acme' }
      const isApproved = amount % REJECTED_EACH !== 0
      approved.set(String(amount), isApproved)
      const asked = await world.pay('racer', args)
      const id = world.waiting(asked)
      if (id === undefined) throw new Error(`a payment did not wait: ${asked.status} ${asked.text.slice(0, 500)}`)
      await world.decide(id, isApproved ? 'approve' : 'reject')
      await Promise.all(Array.from({ length: CALLS }, () => world.pay('racer', args)))
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  const ran = [...approved].map(([amount, isApproved]) => ({ isApproved, times: world.paid.get(amount) ?? 0 }))
  return {
    races,
    doubles: ran.filter(({ times }) => times > 1).length,
    ungranted: ran.filter(({ isApproved, times }) => !isApproved && times > 0).length,
    missed: ran.filter(({ isApproved, times }) => isApproved && times === 0).length,
  }
}
