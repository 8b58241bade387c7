import { type CompiledManifest, type JsonObject, type Principal, clientFeatureGranted, isJsonObject } from '@sallyport/core'

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
    Object.entries(FEATURE_OF).flatMap(([method, feature]) => (mayAsk(ask, method) ? [[feature, ask.capabilities[feature]]] : [])),
  )
}
