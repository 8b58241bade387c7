import type { ServerConfig } from '../../../config.ts'
import { type Upstream, type UpstreamDeps, openUpstream } from './upstream.ts'

/** The configured tool servers. */
export interface Servers {
  readonly all: ReadonlyMap<string, Upstream>
  /** Makes the open connections match a new configuration; unchanged servers stay as they are. */
  reconfigure(configs: Readonly<Record<string, ServerConfig>>): Promise<void>
  close(): Promise<void>
}

/** @param depsOf What the server of this id reports to. @param onGone Called for each server that was removed or replaced. */
export function openServers(
  configs: Readonly<Record<string, ServerConfig>>,
  on: { readonly depsOf: (id: string) => UpstreamDeps; readonly gone: (id: string) => void },
): Servers {
  const all = new Map<string, Upstream>()
  add(configs)
  return { all, reconfigure, close: () => closeAll([...all.values()]) }

  function add(wanted: Readonly<Record<string, ServerConfig>>): void {
    for (const [id, config] of Object.entries(wanted)) if (!all.has(id)) all.set(id, openUpstream(id, config, on.depsOf(id)))
  }

  async function reconfigure(wanted: Readonly<Record<string, ServerConfig>>): Promise<void> {
    const gone = [...all].filter(([id, upstream]) => JSON.stringify(wanted[id]) !== JSON.stringify(upstream.config))
    for (const [id] of gone) all.delete(id)
    add(wanted)
    for (const [id] of gone) on.gone(id)
    await closeAll(gone.map(([, upstream]) => upstream))
  }
}

async function closeAll(upstreams: readonly Upstream[]): Promise<void> {
  await Promise.all(upstreams.map((upstream) => upstream.close()))
}
