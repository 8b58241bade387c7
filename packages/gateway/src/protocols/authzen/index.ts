import { consoleOrigin } from '../../config-console.ts'
import type { Config } from '../../config.ts'
import { type AuthzenDeps, createAuthzenEndpoint, METADATA_PATH } from './endpoint.ts'

/** Whether a path is one of this protocol. */
export function isAuthzenPath(path: string): boolean {
  return path.startsWith('/access/v1/') || path === METADATA_PATH
}

/** AuthZEN over the decisions of this gateway. */
export function openAuthzen(
  deps: Omit<AuthzenDeps, 'approvalUrl' | 'bodyBytesMax'> & { readonly config: Config },
): ReturnType<typeof createAuthzenEndpoint> {
  const { console: people, limits } = deps.config
  return createAuthzenEndpoint({
    ...deps,
    bodyBytesMax: limits.bodyBytesMax,
    ...(people && { approvalUrl: (id: string) => `${consoleOrigin(people).origin}/approvals/${id}` }),
  })
}
