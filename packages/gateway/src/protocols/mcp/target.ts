import { GatewayError, type JsonObject, type Target, isJsonObject, isPlainName } from '@sallyport/core'
import type { Asked } from './request.ts'
import type { Catalogue } from './upstream/catalogue.ts'
import { metaOf } from './wire.ts'

export const NAME_LENGTH_MAX = 256
export const URI_LENGTH_MAX = 2_000

/** Finds the server that holds a resource, by the agent's grants: URIs carry no server name of ours. */
export type LocateResource = (request: Asked, uri: string) => { readonly server: string; readonly key: string } | undefined

export interface TargetDeps {
  readonly catalogue: Catalogue
  readonly locate: LocateResource
}

/**
 * What a request asks for, in the names of the server that would do it.
 * @throws GatewayError `REQUEST_PARAMS`
 */
export function targetOf(request: Asked, { catalogue, locate }: TargetDeps): Target {
  const { params } = request
  switch (request.kind) {
    case 'session.open':
    case 'tool.list':
    case 'resource.list':
    case 'prompt.list':
      return { args: {} }
    case 'tool.call':
    case 'prompt.get': {
      const exposed = text(params, 'name', NAME_LENGTH_MAX)
      const args = params['arguments'] ?? {}
      if (!isJsonObject(args)) throw new GatewayError('REQUEST_PARAMS', 'arguments is not an object')
      const inputs = params['inputResponses']
      if (inputs !== undefined && !isJsonObject(inputs)) throw new GatewayError('REQUEST_PARAMS', 'inputResponses is not an object')
      return { ...named(catalogue, exposed), args, ...(inputs ? { inputs } : {}) }
    }
    case 'resource.read':
    case 'resource.subscribe':
      return resource(request, text(params, 'uri', URI_LENGTH_MAX), locate)
    case 'model.list':
    case 'model.call':
    case 'model.embed':
    case 'model.count':
      throw new GatewayError('REQUEST_METHOD', 'no such method')
    case 'complete':
      return completion(request, { catalogue, locate })
  }
}

function completion(request: Asked, { catalogue, locate }: TargetDeps): Target {
  const { ref, argument, context } = request.params
  if (!isJsonObject(ref) || !isJsonObject(argument)) throw new GatewayError('REQUEST_PARAMS', 'ref or argument is not an object')
  const args = { argument, ...(isJsonObject(context) ? { context } : {}) }
  if (ref['type'] === 'ref/resource') {
    const uri = text(ref, 'uri', URI_LENGTH_MAX)
    return { ...resource(request, uri, locate), args: { uri, ...args } }
  }
  if (ref['type'] !== 'ref/prompt') throw new GatewayError('REQUEST_PARAMS', 'ref is neither a prompt nor a resource')
  const exposed = text(ref, 'name', NAME_LENGTH_MAX)
  const found = named(catalogue, exposed)
  return { ...found, name: `prompt:${found.name}`, label: `prompt:${found.label}`, args }
}

/** A name nobody offers is the caller's text: the record shows it only when it could not be anything but a name. */
function named(catalogue: Catalogue, exposed: string): { server?: string; name: string; label: string } {
  const found: { server?: string; name: string } = catalogue.resolve(exposed) ?? { name: exposed }
  const isKnown = found.server !== undefined && catalogue.known({ server: found.server, context: '' }, found.name) !== undefined
  return { ...found, label: isKnown || isPlainName(found.name) ? found.name : '?' }
}

/** The URI is an argument: it may name a person. What the record names is the grant it fell under. */
function resource(request: Asked, uri: string, locate: LocateResource): Target {
  const found = locate(request, uri)
  const label = found?.key ?? `${uri.slice(0, Math.max(0, uri.indexOf(':'))).slice(0, 32)}:…`
  return { ...(found ? { server: found.server } : {}), name: uri, label, args: { uri } }
}

function text(params: JsonObject, key: string, lengthMax: number): string {
  const value = params[key]
  if (typeof value !== 'string' || value === '' || value.length > lengthMax)
    throw new GatewayError('REQUEST_PARAMS', `${key} is not a text of 1 to ${lengthMax} characters`)
  return value
}

/** The token a client wants its progress reported under. */
export function progressToken(params: JsonObject): string | number | undefined {
  const token = metaOf(params)['progressToken']
  return typeof token === 'string' || typeof token === 'number' ? token : undefined
}
