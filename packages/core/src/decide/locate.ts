import type { Principal } from '../model/principal.ts'
import type { CompiledManifest } from './compile.ts'
import { resourceGrant, taskOf } from './grants.ts'
import { findTemplate } from './resources.ts'

/**
 * The one server under which a grant of the agent's task names a resource or template, and that grant's key. URIs carry no
 * server name of ours; two servers that could be meant are no answer.
 */
export function locateResource(
  principal: Principal,
  manifest: CompiledManifest,
  uri: string,
): { readonly server: string; readonly key: string } | undefined {
  const task = taskOf(principal, manifest)
  if (!task) return undefined
  const servers = new Set([...task.resources.exact.keys()].map((key) => key.slice(0, key.indexOf('.'))))
  const found = [...servers].flatMap((server) => {
    const grant = findTemplate(task.resources, server, uri) ?? resourceGrant(task, server, uri)
    return grant ? [{ server, key: grant.key }] : []
  })
  return found.length === 1 ? found[0] : undefined
}
