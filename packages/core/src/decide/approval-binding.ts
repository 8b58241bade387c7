import type { Action } from '../model/action.ts'
import { sha256Hex } from '../model/bytes.ts'
import { jcs } from '../model/jcs.ts'
import type { Principal } from '../model/principal.ts'
import type { Facts } from './facts.ts'

/**
 * SHA-256 of what an approval holds for: who, for whom, which act with which arguments, under which manifest, reviewed definition,
 * guard and isolation epoch. Any other makes another binding, and people are asked again. JCS of a list, so that no two different
 * acts are written alike; the arguments are in it as their keyed commitment.
 */
export function approvalBinding(
  principal: Principal,
  action: Action,
  facts: Pick<Facts, 'manifest' | 'tool' | 'guard' | 'isolation'>,
): string {
  const { agent, user, task } = principal
  return sha256Hex(
    jcs([
      'sallyport/v1/approval',
      agent,
      user ? [user.issuer, user.id] : null,
      task ?? null,
      [action.kind, action.server ?? null, action.name ?? null, action.digest],
      facts.manifest?.hash ?? null,
      facts.tool?.definitionHash ?? null,
      facts.guard?.hash ?? null,
      facts.isolation.epoch,
    ]),
  )
}
