import {
  type CompiledManifest,
  type Json,
  type JsonObject,
  type Principal,
  clientFeatureGranted,
  isJsonObject,
} from '@sallyport/core'

/** What a server may ask of the agent's client, by the method it asks with. */
export const FEATURE_OF: Readonly<Record<string, 'sampling' | 'elicitation' | 'roots'>> = {
  'sampling/createMessage': 'sampling',
  'elicitation/create': 'elicitation',
  'roots/list': 'roots',
}

/** Whether a server may ask this client that: the manifest grants it and the client declared it. */
export function mayAsk(
  ask: { principal: Principal; manifest: CompiledManifest | undefined; server: string; capabilities: JsonObject },
  method: string,
): boolean {
  const feature = Object.hasOwn(FEATURE_OF, method) ? FEATURE_OF[method] : undefined
  if (!feature || !ask.manifest) return false
  return (
    clientFeatureGranted(ask.principal, ask.manifest, { server: ask.server, feature }) && isJsonObject(ask.capabilities[feature])
  )
}

/** The client's capabilities as far as this server may use them: nothing is announced that would be refused. */
export function grantedCapabilities(ask: {
  principal: Principal
  manifest: CompiledManifest | undefined
  server: string
  capabilities: JsonObject
}): JsonObject {
  return Object.fromEntries(
    Object.entries(FEATURE_OF).flatMap(([method, feature]) =>
      mayAsk(ask, method) ? [[feature, known(ask.capabilities[feature], feature)]] : [],
    ),
  )
}

/** What a peer may say of each capability; any other word of it is its own, and stays with it. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  sampling: ['tools', 'context'],
  elicitation: ['form', 'url'],
  roots: ['listChanged'],
}

/** The capabilities of an object that the protocol names, in no words but the protocol's. */
export function knownCapabilities(capabilities: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.keys(PARTS).flatMap((feature) =>
      isJsonObject(capabilities[feature]) ? [[feature, known(capabilities[feature], feature)]] : [],
    ),
  )
}

function known(capability: Json | undefined, feature: string): JsonObject {
  const parts = isJsonObject(capability) ? capability : {}
  const named = (PARTS[feature] ?? []).filter((part) => Object.hasOwn(parts, part) && parts[part] !== false)
  return Object.fromEntries(named.map((part) => [part, parts[part] === true ? true : {}]))
}
