import type { ContentVault } from '../content-vault.ts'
import type { Holds } from '../holds.ts'
import type { State } from '../state.ts'

/**
 * Whether a hold forbids destroying content about a person, by their pseudonym; absent: content about nobody. A hold on somebody
 * whom the vault did not know when it was opened names the look-up name alone, and by now there may be a pseudonym.
 */
export function heldContent(deps: {
  readonly state: Pick<State, 'holds'>
  readonly holds: Pick<Holds, 'blocking'>
  readonly vault: Pick<ContentVault, 'holdings'>
}): (token: string | undefined) => Promise<boolean> {
  const { state, holds, vault } = deps
  return async (token) => {
    if (token === undefined) return (await holds.blocking({})).length > 0
    if ((await holds.blocking({ token })).length > 0) return true
    const lookups = new Set(state.holds().flatMap(({ scope }) => scope.subject?.lookup ?? []))
    for (const lookup of lookups) {
      // Those that are not in force cost nothing more.
      if ((await holds.blocking({ token, lookup })).length === 0) continue
      if ((await vault.holdings(lookup))?.token === token) return true
    }
    return false
  }
}
