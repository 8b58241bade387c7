import { type Acted, type Action, type CompiledManifest, GatewayError, type JsonObject } from '@sallyport/core'
import type { ListedItem } from '../../guard.ts'
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
      return listed('prompts', await listPrompts(principal, manifest, deps))
    case 'resource.list': {
      const kind = request.method === 'resources/list' ? 'resources' : 'resourceTemplates'
      return listed(kind, await listResources(principal, manifest, { ...deps, kind }))
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
      return forward(
        { request, action, manifest, method: 'resources/read', params: { uri: action.args['uri'] ?? action.name } },
        deps,
      )
    case 'model.list':
    case 'model.call':
    case 'model.embed':
    case 'model.count':
      throw new GatewayError('INTERNAL', 'not an act of this protocol')
    case 'complete':
      return forward({ request, action, manifest, method: 'completion/complete', params: completionParams(action) }, deps)
  }
}

/** Each item was judged by where it comes from; the record says what was seen in any. */
function listed(kind: string, items: readonly ListedItem[]): Acted {
  const notes = items.map(({ noted }) => noted)
  return {
    ...quiet({ [kind]: items.flatMap(({ item }) => (item ? [item] : [])) }),
    reasons: [...new Set(notes.flatMap(({ reasons }) => reasons))],
    seen: { findings: notes.flatMap(({ findings }) => findings), classes: notes.flatMap(({ classes }) => classes) },
  }
}

function quiet(content: JsonObject): Acted {
  return { status: 'success', content, changes: false }
}

/** What was decided on, and no other word of the request. */
function completionParams({ args, name = '' }: Action): JsonObject {
  const { uri, ...rest } = args
  const prompt = name.startsWith('prompt:') ? name.slice('prompt:'.length) : undefined
  return { ref: prompt === undefined ? { type: 'ref/resource', uri } : { type: 'ref/prompt', name: prompt }, ...rest }
}
