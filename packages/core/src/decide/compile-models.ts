import { jcs } from '../model/jcs.ts'
import type { Json, JsonObject } from '../model/json.ts'
import type { Task } from '../model/manifest.ts'
import { ModelPolicy } from '../model/model-policy.ts'
import type { Validate } from '../model/tool-facts.ts'
import type { CompileDeps } from './compile.ts'
import { compileDomains, type DomainRule } from './domains.ts'
import type { Proposal } from './proposals.ts'

/** What a task's manifest says of models, ready to be asked. */
export interface CompiledModels {
  /** Models by name; a proposal where the grant awaits signatures. */
  readonly granted: ReadonlyMap<string, Proposal | undefined>
  readonly policy: ModelPolicy
  readonly contract?: CompiledContract
}

/** An output contract, ready to be asked. */
export interface CompiledContract {
  readonly validate?: Validate
  readonly links?: DomainRule
  readonly confidence?: { readonly path: readonly string[]; readonly min: number }
}

const STRICTEST: ModelPolicy = ModelPolicy.parse({})

/**
 * Compiles what a task may do with models. A model sees everything it is asked, so nothing of it is active before it is signed: a
 * model the last signed version did not grant waits, and so does every model of a task whose terms have changed.
 * @param place.before The same task in the last fully signed version.
 */
export function compileModels(
  task: Task,
  { path, before, confidenceMin }: { readonly path: string; readonly before: Task | undefined; readonly confidenceMin: number },
  deps: CompileDeps,
): CompiledModels {
  const policy = task.modelPolicy ?? STRICTEST
  if (policy.prompt !== undefined) deps.requirePrompt?.(policy.prompt)
  const isSameTerms = textOf(task.modelPolicy) === textOf(before?.modelPolicy)
  const granted = new Map(
    task.models.map((name): [string, Proposal | undefined] => {
      const isSigned = before?.models.includes(name) === true
      if (isSigned && isSameTerms) return [name, undefined]
      const why = isSigned ? 'changed terms of model calls need signatures' : 'a model needs signatures'
      return [name, { path: `${path}.models.${name}`, why }]
    }),
  )
  const contract = policy.output && compileContract(policy.output, confidenceMin, deps)
  return { granted, policy, ...(contract && { contract }) }
}

function compileContract(
  { schema, links, confidence }: NonNullable<ModelPolicy['output']>,
  confidenceMin: number,
  deps: CompileDeps,
): CompiledContract {
  return {
    ...(schema && { validate: deps.compileSchema(schema as JsonObject) }),
    ...(links && { links: compileDomains(links, deps.hosts) }),
    ...(confidence && { confidence: { path: confidence.field.split('.'), min: confidence.min ?? confidenceMin } }),
  }
}

function textOf(policy: ModelPolicy | undefined): string {
  return policy === undefined ? '' : jcs(policy as unknown as Json)
}
