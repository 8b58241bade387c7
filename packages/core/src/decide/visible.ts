import type { Principal } from '../model/principal.ts'
import type { ClientFeature, CompiledGrant, CompiledManifest, CompiledReadGrant } from './compile.ts'
import { isDenied, promptGrant, resourceGrant, taskOf } from './grants.ts'
import { findTemplate } from './resources.ts'

/** Something a server offers. `name` is a tool's or prompt's name there, a URI, or a URI template. */
export interface Item {
  readonly server: string
  readonly name: string
}

/**
 * The grant under which an agent sees a tool in its list; `undefined` when it does not: not granted, denied, proposed, or in
 * need of a user who is not there. A tool that waits for a person's approval is listed. Pins are checked by the caller.
 */
export function visibleTool(principal: Principal, manifest: CompiledManifest, item: Item): CompiledGrant | undefined {
  const grant = taskOf(principal, manifest)?.tools.get(`${item.server}.${item.name}`)
  return grant && isVisible(principal, manifest, { ...item, grant }) ? grant : undefined
}

/** Names, as `server.tool`, of every tool the agent sees. */
export function grantedTools(principal: Principal, manifest: CompiledManifest): ReadonlySet<string> {
  const tools = new Set<string>()
  for (const [key, grant] of taskOf(principal, manifest)?.tools ?? []) {
    const dot = key.indexOf('.')
    if (isVisible(principal, manifest, { server: key.slice(0, dot), name: key.slice(dot + 1), grant })) tools.add(key)
  }
  return tools
}

/** Whether results of this tool are reduced. Its output schema, which may require removed fields, must then not be advertised. */
export function isReduced(grant: CompiledGrant): boolean {
  return grant.fields !== undefined || grant.entities.length > 0
}

/** As `visibleTool`, for a resource by URI. */
export function visibleResource(principal: Principal, manifest: CompiledManifest, item: Item): boolean {
  const task = taskOf(principal, manifest)
  const grant = task && resourceGrant(task, item.server, item.name)
  return grant !== undefined && isVisible(principal, manifest, { ...item, grant })
}

/** As `visibleTool`, for a resource template, named exactly as the server names it. */
export function visibleTemplate(principal: Principal, manifest: CompiledManifest, item: Item): boolean {
  const task = taskOf(principal, manifest)
  const grant = task && findTemplate(task.resources, item.server, item.name)
  return grant !== undefined && isVisible(principal, manifest, { ...item, grant })
}

/** As `visibleTool`, for a prompt. */
export function visiblePrompt(principal: Principal, manifest: CompiledManifest, item: Item): boolean {
  const task = taskOf(principal, manifest)
  const grant = task && promptGrant(task, item.server, item.name)
  return grant !== undefined && isVisible(principal, manifest, { ...item, grant })
}

/** Whether a server may use a feature of the agent's client during a call of this task. */
export function clientFeatureGranted(
  principal: Principal,
  manifest: CompiledManifest,
  { server, feature }: { readonly server: string; readonly feature: ClientFeature },
): boolean {
  return taskOf(principal, manifest)?.clientFeatures.get(feature)?.has(server) === true && !manifest.denied.has(`${server}.*`)
}

function isVisible(
  principal: Principal,
  manifest: CompiledManifest,
  { server, name, grant }: Item & { readonly grant: CompiledGrant | CompiledReadGrant },
): boolean {
  if (grant.proposed || isDenied(manifest, server, name)) return false
  return !grant.userRequired || principal.user !== undefined
}

/** Names of the models an agent may call; a grant that awaits signatures is none. */
export function visibleModels(principal: Principal, manifest: CompiledManifest | undefined): readonly string[] {
  const granted = manifest && taskOf(principal, manifest)?.models.granted
  return [...(granted ?? [])].flatMap(([name, proposed]) => (proposed ? [] : [name]))
}
