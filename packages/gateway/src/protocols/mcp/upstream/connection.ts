import { GatewayError, type Json, type JsonObject, isGatewayError, isJsonObject } from '@sallyport/core'
import { GATEWAY_VERSION } from '../../../gateway-version.ts'
import { type Era, LEGACY_VERSIONS, META, MODERN_VERSION, RpcError, encodeHeader, metaOf } from '../wire.ts'
import type { Link, LinkCall } from './link.ts'

/** Longest wait for a server to say which revision it speaks. */
const NEGOTIATE_MS = 10_000
/** A handshake-era process may ignore an unknown first message; then the handshake follows. */
const PROBE_STDIO_MS = 3_000

export const GATEWAY_INFO = { name: 'sallyport', version: GATEWAY_VERSION } as const

/** A link whose revision is known. Adds what the revision demands of every request. */
export interface Connection {
  readonly era: Era
  readonly version: string
  readonly capabilities: JsonObject
  readonly instructions: string | undefined
  readonly link: Link
  /** @param capabilities Of the client behind the gateway, as far as granted; sent where the revision asks per request. */
  call(call: LinkCall, capabilities?: JsonObject): Promise<JsonObject>
}

export interface Negotiation {
  /** Revision family to try first. */
  readonly prefer: Era
  readonly transport: 'stdio' | 'http'
  /** Client features any manifest grants this server; announced in the handshake. */
  readonly features: JsonObject
  readonly signal: AbortSignal
}

/**
 * Finds out which revision a server speaks: `server/discover` for the stateless one, `initialize` for the handshake.
 * @throws GatewayError `UPSTREAM_*` when it speaks neither.
 */
export async function negotiate(link: Link, how: Negotiation): Promise<Connection> {
  const attempts = how.prefer === 'modern' ? [discover, initialize] : [initialize, discover]
  let fault: unknown
  for (const attempt of attempts) {
    try {
      return await attempt(link, how)
    } catch (error) {
      // Unreachable now is unreachable for the other revision too; everything else may be a server that knows only one.
      if (isGatewayError(error) && error.code === 'UPSTREAM_UNAVAILABLE' && how.transport === 'stdio') throw error
      fault = error
    }
  }
  if (isGatewayError(fault)) throw fault
  throw new GatewayError('UPSTREAM_MALFORMED', 'the tool server speaks no supported revision of the protocol', { cause: fault })
}

async function discover(link: Link, how: Negotiation): Promise<Connection> {
  const timeoutMs = how.transport === 'stdio' ? PROBE_STDIO_MS : NEGOTIATE_MS
  const call = { method: 'server/discover', params: {}, timeoutMs, signal: how.signal }
  // A server may turn the first message away with the versions it wants; when ours is among them, it is asked once more.
  const result = await modernCall(link, call, {}).catch((error: unknown) => {
    if (error instanceof RpcError && error.code === -32_022 && namesOurVersion(error.data)) return modernCall(link, call, {})
    throw error
  })
  const versions = result['supportedVersions']
  if (!Array.isArray(versions) || !versions.includes(MODERN_VERSION)) throw new RpcError(-32_022, 'no common version')
  return connection(link, MODERN_VERSION, result)
}

async function initialize(link: Link, how: Negotiation): Promise<Connection> {
  const params = { protocolVersion: LEGACY_VERSIONS[0], capabilities: how.features, clientInfo: GATEWAY_INFO }
  const result = await link.call({ method: 'initialize', params, timeoutMs: NEGOTIATE_MS, signal: how.signal })
  const version = result['protocolVersion']
  if (typeof version !== 'string' || !LEGACY_VERSIONS.some((known) => known === version)) {
    throw new GatewayError('UPSTREAM_MALFORMED', 'the tool server chose an unsupported revision')
  }
  const made = connection(link, version, result)
  link.revision = version
  await link.notify('notifications/initialized', {})
  return made
}

function namesOurVersion(data: Json | undefined): boolean {
  const supported = isJsonObject(data) ? data['supported'] : undefined
  return Array.isArray(supported) && supported.includes(MODERN_VERSION)
}

function connection(link: Link, version: string, result: JsonObject): Connection {
  const era: Era = version === MODERN_VERSION ? 'modern' : 'legacy'
  const capabilities = isJsonObject(result['capabilities']) ? result['capabilities'] : {}
  const instructions = typeof result['instructions'] === 'string' ? result['instructions'].slice(0, 10_000) : undefined
  const call: Connection['call'] =
    era === 'modern' ? (request, own = {}) => modernCall(link, request, own) : (request) => link.call(request)
  return { era, version, capabilities, instructions, link, call }
}

function modernCall(link: Link, call: LinkCall, capabilities: JsonObject): Promise<JsonObject> {
  const name = call.params['name'] ?? call.params['uri']
  const mirrored = ['tools/call', 'prompts/get', 'resources/read'].includes(call.method) && typeof name === 'string'
  return link.call({
    ...call,
    params: {
      ...call.params,
      _meta: {
        ...metaOf(call.params),
        [META.version]: MODERN_VERSION,
        [META.clientInfo]: GATEWAY_INFO,
        [META.capabilities]: capabilities,
      },
    },
    headers: {
      'mcp-protocol-version': MODERN_VERSION,
      'mcp-method': call.method,
      ...(mirrored ? { 'mcp-name': encodeHeader(name) } : {}),
      ...call.headers,
    },
  })
}
