import type { Vote } from '../model/decision.ts'
import type { Principal } from '../model/principal.ts'
import type { CompiledTask } from './compile.ts'
import { deny } from './votes.ts'

/** R230: what an act is for: what people signed for its task. Whatever a caller says itself is worth nothing, unless it says the same. */
export function purposeVotes(
  { purpose: claimed }: Pick<Principal, 'purpose'>,
  { purpose }: Pick<CompiledTask, 'purpose'>,
  allowed: readonly string[] | undefined,
): readonly Vote[] {
  if (purpose !== undefined && claimed !== undefined && claimed !== purpose) return [deny('purpose', 'purpose_not_granted')]
  return allowed && (purpose === undefined || !allowed.includes(purpose)) ? [deny('purpose', 'purpose_not_allowed')] : []
}
