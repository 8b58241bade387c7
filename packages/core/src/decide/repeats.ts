import type { Action } from '../model/action.ts'
import { LoopLimit } from '../model/model-budget.ts'
import type { Principal } from '../model/principal.ts'
import type { CompiledManifest } from './compile.ts'
import { taskOf } from './grants.ts'

/** Something that may happen only so often: `repeatsMax` times in any `windowMs`, counted under `key`. */
export interface Repeat extends LoopLimit {
  readonly key: string
  /** What repeats, in words. */
  readonly what: string
}

const USUAL: LoopLimit = LoopLimit.parse({})

/** A model call by its digest: the same one of one session again and again is a loop. Nothing for other acts. */
export function repeatOf(principal: Principal, action: Action, manifest: CompiledManifest): Repeat | undefined {
  const limit = action.kind === 'model.call' ? loopLimitOf(principal, manifest) : undefined
  return limit && { ...limit, key: keyOf('request', principal, action.digest), what: 'the same request' }
}

/**
 * Tool calls that a model asked for, each once.
 * @param digests Commitments to their names and canonical arguments.
 */
export function repeatedCallsOf(principal: Principal, digests: readonly string[], manifest: CompiledManifest): readonly Repeat[] {
  const limit = loopLimitOf(principal, manifest)
  if (!limit) return []
  return [...new Set(digests)].map((digest) => ({ ...limit, key: keyOf('call', principal, digest), what: 'the same tool call' }))
}

function loopLimitOf(principal: Principal, manifest: CompiledManifest): LoopLimit | undefined {
  const task = taskOf(principal, manifest)
  return task && (task.models.policy.loop ?? USUAL)
}

function keyOf(kind: string, { agent, session }: Principal, digest: string): string {
  return `${kind}\n${agent}\n${session}\n${digest}`
}
