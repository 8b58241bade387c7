import { type Acted, type Action, type CompiledManifest, type JsonObject, isJsonObject } from '@sallyport/core'
import { type ForwardDeps, forward } from './forward.ts'
import { listPrompts, listResources, listTools } from './lists.ts'
import type { McpRequest } from './request.ts'
import type { Catalogue } from './upstream/catalogue.ts'

export interface PerformDeps extends ForwardDeps {
  readonly catalogue: Catalogue
  readonly manifest: (agent: string) => CompiledManifest | undefined
  /** What the gateway says of itself to a client that opens a session. */
  readonly hello: (request: McpRequest) => JsonObject
  readonly subscribe: (request: McpRequest, action: Action) => Promise<void>
}

/** Performs one decided act. Lists are the gateway's own; everything else is one request to the server that has it. */
export async function perform(request: McpRequest, action: Action, deps: PerformDeps): Promise<Acted> {
  const { principal } = request
  const manifest = deps.manifest(principal.agent)
  switch (action.kind) {
    case 'session.open':
      return quiet(deps.hello(request))
    case 'tool.list':
      return quiet({ tools: await listTools(principal, manifest, deps) })
    case 'prompt.list':
      return quiet({ prompts: await listPrompts(principal, manifest, deps) })
    case 'resource.list': {
      const kind = request.method === 'resources/list' ? 'resources' : 'resourceTemplates'
      return quiet({ [kind]: await listResources(principal, manifest, { ...deps, kind }) })
    }
    case 'resource.subscribe':
      await deps.subscribe(request, action)
      return quiet({})
    case 'tool.call':
      return forward(
        { request, action, manifest, method: 'tools/call', params: { name: action.name, arguments: action.args } },
        deps,
      )
    case 'prompt.get':
      return forward(
        { request, action, manifest, method: 'prompts/get', params: { name: action.name, arguments: action.args } },
        deps,
      )
    case 'resource.read':
      return forward({ request, action, manifest, method: 'resources/read', params: { uri: action.name } }, deps)
    case 'complete':
      return forward({ request, action, manifest, method: 'completion/complete', params: completionParams(request, action) }, deps)
  }
}

function quiet(content: JsonObject): Acted {
  return { status: 'success', content, changes: false }
}

function completionParams({ params }: McpRequest, action: Action): JsonObject {
  const ref = isJsonObject(params['ref']) ? params['ref'] : {}
  const name = action.name?.startsWith('prompt:') ? { name: action.name.slice('prompt:'.length) } : {}
  return {
    ref: { ...ref, ...name },
    argument: params['argument'],
    ...(isJsonObject(params['context']) ? { context: params['context'] } : {}),
  }
}
