import { isGatewayError } from '@sallyport/core'
import type { AgentRecord } from '../state-records.ts'
import type { Changed } from '../state.ts'
import type { Protocols } from './agents.ts'
import type { Rules } from './rules.ts'
import type { Stores } from './stores.ts'

/**
 * Makes what other gateways change hold here as if it had been changed here: streams of an isolated agent end, manifests and
 * reviews are read anew. When it is not known any more what they change, streams of change notices end too.
 */
export function followState({ state, log, closing }: Stores, { manifests }: Rules, { mcp, models }: Protocols): void {
  const apply = (changed: readonly Changed[]): void => {
    for (const { key, before } of changed.filter(({ kind }) => kind === 'agent')) {
      const known = before as AgentRecord | undefined
      const now = state.agent(key)
      // Whoever it is cut from will find out who may still act by asking again.
      if (!known || (now?.epoch === known.epoch && now.isolated?.sinceMs === known.isolated?.sinceMs)) continue
      mcp.cut(key)
      models.cut(key)
    }
    const settled = changed.filter(({ kind }) => kind === 'manifestVersion' || kind === 'signature')
    for (const agent of new Set(settled.map(({ key }) => key.slice(0, key.indexOf('/'))))) refresh(agent)
    if (changed.some(({ kind }) => kind === 'pin')) mcp.catalogue.invalidate()
  }
  const refresh = (agent: string): void => {
    // Without a file here the agent may do nothing here.
    if (!manifests.agents().includes(agent)) return
    try {
      manifests.refresh(agent)
    } catch (error) {
      // Written by a newer gateway, perhaps: the agent may do nothing here until that is upgraded.
      if (!isGatewayError(error)) throw error
      log(`the manifest of ${agent} cannot be read here; it may do nothing at this gateway`, error)
    }
  }
  closing.push(
    state.onChanged(apply),
    state.onStale(() => mcp.cutStreams()),
  )
}
