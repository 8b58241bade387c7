import {
  type CompiledManifest,
  type JsonObject,
  type Principal,
  isReduced,
  isGatewayError,
  visiblePrompt,
  visibleResource,
  visibleTemplate,
  visibleTool,
} from '@sallyport/core'
import type { Guard, ListedItem } from '../../guard.ts'
import type { Catalogue, ListKind } from './upstream/catalogue.ts'
import type { Upstream } from './upstream/upstream.ts'

/** How long a client may keep a list; grants can be withdrawn at any moment, so never. */
export const LIST_TTL_MS = 0

export interface ListDeps {
  readonly catalogue: Catalogue
  readonly upstreams: ReadonlyMap<string, Upstream>
  readonly guard: Guard
}

/** The tools an agent may see: granted, not denied or proposed, offered by a reachable server exactly as reviewed. */
export async function listTools(
  principal: Principal,
  manifest: CompiledManifest | undefined,
  deps: ListDeps,
): Promise<JsonObject[]> {
  if (!manifest) return []
  const granted = [...(manifest.tasks.get(principal.task ?? '')?.tools.keys() ?? [])]
  return perServer(principal, { granted, upstreams: deps.upstreams }, async (at) => {
    const tools = await deps.catalogue.tools(at)
    return tools.flatMap(({ definition, exposed, state }) => {
      const grant =
        state === 'approved' ? visibleTool(principal, manifest, { server: at.server, name: definition.name }) : undefined
      if (!grant) return []
      const { _meta, outputSchema, ...rest } = definition as JsonObject
      return [{ ...rest, ...(outputSchema !== undefined && !isReduced(grant) ? { outputSchema } : {}), name: exposed }]
    })
  })
}

export async function listPrompts(
  principal: Principal,
  manifest: CompiledManifest | undefined,
  deps: ListDeps,
): Promise<ListedItem[]> {
  if (!manifest) return []
  const granted = [...(manifest.tasks.get(principal.task ?? '')?.prompts.keys() ?? [])]
  return perServer(principal, { granted, upstreams: deps.upstreams }, async (at) => {
    const prompts = await deps.catalogue.list(at, 'prompts')
    const shown = prompts.flatMap(({ _meta, ...prompt }) => {
      const { name } = prompt
      if (typeof name !== 'string' || !visiblePrompt(principal, manifest, { server: at.server, name })) return []
      const item = { ...prompt, name: deps.catalogue.exposed(at.server, name) }
      return [deps.guard.listed(principal, { server: at.server, name }, item)]
    })
    return Promise.all(shown.map(async (one) => one))
  })
}

export async function listResources(
  principal: Principal,
  manifest: CompiledManifest | undefined,
  deps: ListDeps & { readonly kind: Extract<ListKind, 'resources' | 'resourceTemplates'> },
): Promise<ListedItem[]> {
  if (!manifest) return []
  const granted = [...(manifest.tasks.get(principal.task ?? '')?.resources.exact.keys() ?? [])]
  return perServer(principal, { granted, upstreams: deps.upstreams }, async (at) => {
    const items = await deps.catalogue.list(at, deps.kind)
    const isVisible = deps.kind === 'resources' ? visibleResource : visibleTemplate
    const shown = items.flatMap(({ _meta, ...item }) => {
      const name = deps.kind === 'resources' ? item['uri'] : item['uriTemplate']
      if (typeof name !== 'string' || !isVisible(principal, manifest, { server: at.server, name })) return []
      return [deps.guard.listed(principal, { server: at.server, name }, item)]
    })
    return Promise.all(shown.map(async (one) => one))
  })
}

/** Asks each server that some grant names, at once. One that cannot be reached has nothing to offer now. */
async function perServer<Item>(
  principal: Principal,
  { granted, upstreams }: { readonly granted: readonly string[]; readonly upstreams: ListDeps['upstreams'] },
  list: (at: { server: string; context: string }) => Promise<Item[]>,
): Promise<Item[]> {
  const servers = [...new Set(granted.map((key) => key.slice(0, key.indexOf('.'))))]
  const answers = await Promise.all(
    servers.map(async (server) => {
      const upstream = upstreams.get(server)
      if (!upstream) return []
      try {
        return await list({ server, context: upstream.context(principal.agent) })
      } catch (error) {
        if (isGatewayError(error)) return []
        throw error
      }
    }),
  )
  return answers.flat()
}
