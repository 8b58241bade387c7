import type { ModelFacts, ModelPolicy } from '@sallyport/core'
import type { PromptVersions } from '../../prompt-versions.ts'
import type { ModelRequest } from './model-request.ts'

/** Whose system message a request has, and which one the task is pinned to. */
export interface PromptInForce extends Pick<ModelFacts, 'system' | 'prompt'> {
  /** Text of the pinned prompt. */
  readonly text?: string
}

export function promptInForce({ ask, wire }: ModelRequest, { prompt: hash }: ModelPolicy, versions: PromptVersions): PromptInForce {
  const given = ask.turns.filter(({ role }) => role === 'system').map(({ text }) => text)
  if (hash === undefined || wire.kind === 'model.embed') return { system: given.length === 0 ? 'none' : 'foreign' }
  const text = versions(hash)
  const isPinned = given.length === 1 && given[0] === text
  return {
    system: given.length === 0 ? 'none' : isPinned ? 'pinned' : 'foreign',
    prompt: { hash, isKnown: text !== undefined },
    ...(text === undefined ? {} : { text }),
  }
}
