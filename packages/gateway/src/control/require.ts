import { GatewayError } from '@sallyport/core'
import type { GuardDesk } from '../guard-desk.ts'
import type { Standing } from '../manifests/settle-versions.ts'
import type { AgentRecord } from '../state-records.ts'
import type { ControlDeps } from './define-verb.ts'

/** @throws GatewayError `NOT_FOUND` */
export function requireAgent(deps: Pick<ControlDeps, 'state'>, id: string): AgentRecord {
  const agent = deps.state.agent(id)
  if (agent === undefined) throw new GatewayError('NOT_FOUND', 'no such agent; see "agent list"')
  return agent
}

/** A task must be one of the manifest, when there is one. @throws GatewayError `NOT_FOUND`, naming the tasks there are */
export async function requireTask(deps: Pick<ControlDeps, 'manifests'>, agent: string, task: string): Promise<void> {
  await deps.manifests.reload()
  const manifest = deps.manifests.current(agent)
  if (manifest === undefined || manifest.tasks.has(task)) return
  throw new GatewayError(
    'NOT_FOUND',
    `the manifest has no such task type; it has ${[...manifest.tasks.keys()].join(', ') || 'none'}`,
  )
}

/**
 * Where the manifest in force stands. Reads the folder first, so that a person who just saved a file sees that file.
 * @throws GatewayError `NOT_FOUND`
 */
export async function requireStanding(deps: Pick<ControlDeps, 'manifests'>, agent: string): Promise<Standing> {
  await deps.manifests.reload()
  const standing = deps.manifests.standing(agent)
  if (standing === undefined)
    throw new GatewayError('NOT_FOUND', `no manifest is in force for this agent; write manifests/${agent}.yaml`)
  return standing
}

/** @throws GatewayError `CONFLICT` where nothing inspects content */
export function requireGuard({ guard }: Pick<ControlDeps, 'guard'>): GuardDesk {
  if (guard) return guard
  throw new GatewayError('CONFLICT', 'no guard is open here')
}
