import type { Action } from '../model/action.ts'
import type { Principal } from '../model/principal.ts'
import type { CompiledManifest, CompiledReadGrant, CompiledTask } from './compile.ts'
import { findResource, findTemplate } from './resources.ts'

/** The task the credential was issued for; never what a client says. */
export function taskOf(principal: Principal, manifest: CompiledManifest): CompiledTask | undefined {
  return principal.task === undefined || manifest.agent !== principal.agent ? undefined : manifest.tasks.get(principal.task)
}

/** Whether the manifest denies this name, or everything of its server. */
export function isDenied(manifest: CompiledManifest, server: string, name: string): boolean {
  return manifest.denied.has(`${server}.*`) || manifest.denied.has(`${server}.${name}`)
}

export function resourceGrant(task: CompiledTask, server: string, uri: string): CompiledReadGrant | undefined {
  return findResource(task.resources, server, uri)
}

export function promptGrant(task: CompiledTask, server: string, prompt: string): CompiledReadGrant | undefined {
  return task.prompts.get(`${server}.${prompt}`)
}

/** What a completion belongs to: `prompt:<name>`, a granted URI template, or a granted URI. */
export function completionGrant(task: CompiledTask, server: string, name: string): CompiledReadGrant | undefined {
  if (name.startsWith('prompt:')) return promptGrant(task, server, name.slice('prompt:'.length))
  return findTemplate(task.resources, server, name) ?? findResource(task.resources, server, name)
}

/** A budget an act draws on: at most `callsMax` calls in any `windowMs` milliseconds, counted under `key`. */
export interface Budget {
  readonly key: string
  readonly callsMax: number
  readonly windowMs: number
}

/**
 * Budgets an act draws on, all or none: the agent's own, and the grant's. None for lists and for acts without a grant, which
 * are refused whatever the budget says. Keys outlive versions of the manifest, so an edit does not refill a budget.
 */
export function budgetsOf(principal: Principal, action: Action, manifest: CompiledManifest): readonly Budget[] {
  const task = taskOf(principal, manifest)
  const found = task && limitOf(task, action)
  if (!found) return []
  const budgets: Budget[] = [{ key: `agent:${principal.agent}`, ...manifest.rateLimit }]
  const { key, rateLimit } = found
  if (rateLimit) budgets.push({ key: `grant:${principal.agent}:${principal.task}:${key}`, ...rateLimit })
  return budgets
}

function limitOf(task: CompiledTask, action: Action): Pick<CompiledReadGrant, 'key' | 'rateLimit'> | undefined {
  const { server = '', name = '' } = action
  switch (action.kind) {
    case 'tool.call': {
      const grant = task.tools.get(`${server}.${name}`)
      return grant && { key: `tool:${grant.tool}`, ...(grant.rateLimit && { rateLimit: grant.rateLimit }) }
    }
    case 'resource.read':
    case 'resource.subscribe':
      return named('resource', resourceGrant(task, server, name))
    case 'prompt.get':
      return named('prompt', promptGrant(task, server, name))
    case 'complete':
      return named(name.startsWith('prompt:') ? 'prompt' : 'resource', completionGrant(task, server, name))
    case 'model.call':
    case 'model.embed':
    case 'model.count': {
      const { granted, policy } = task.models
      return granted.has(name) ? { key: `model:${name}`, ...(policy.rateLimit && { rateLimit: policy.rateLimit }) } : undefined
    }
    case 'session.open':
    case 'tool.list':
    case 'resource.list':
    case 'prompt.list':
    case 'model.list':
      return undefined
  }
}

function named(kind: string, grant: CompiledReadGrant | undefined): Pick<CompiledReadGrant, 'key' | 'rateLimit'> | undefined {
  return grant && { ...grant, key: `${kind}:${grant.key}` }
}
