import { z } from 'zod'
import { sha256Hex } from '../model/bytes.ts'
import type { Entry } from '../model/entry.ts'
import { jcs } from '../model/jcs.ts'
import type { Json } from '../model/json.ts'

const Text = z.string()

/** What was in force at one moment, by hash and version, as the log tells it. */
export const ConfigState = z.strictObject({
  /** Index of the last entry it rests on; −1 before the first. */
  asOf: z.int().min(-1),
  gateway: z.strictObject({
    /** Version of the software, from the newest `gateway.start`. */
    version: Text.optional(),
    /** SHA-256 over the configuration without its secrets. */
    config: Text.optional(),
    isRunning: z.boolean(),
  }),
  /** Manifests by agent. */
  manifests: z.record(Text, z.strictObject({ version: z.number(), hash: Text, signed: z.boolean() })),
  /** Reviewed tools: hash of the definition and what the reviewer says it does. */
  tools: z.record(Text, z.strictObject({ hash: Text, effect: Text })),
  /** Roles by person. */
  users: z.record(Text, z.array(Text)),
  /** Keys of agents that were issued and not revoked; they may have expired. */
  keys: z.record(Text, z.strictObject({ agent: Text, task: Text })),
  isolated: z.array(Text),
})
export type ConfigState = z.infer<typeof ConfigState>
type AdminEntry = Extract<Entry, { type: 'admin' }>

/** Follows what admin entries say about the gateway's own state. One instance reads one log from its start. */
export class ConfigHistory {
  readonly #manifests = new Map<string, ConfigState['manifests'][string]>()
  readonly #tools = new Map<string, ConfigState['tools'][string]>()
  readonly #users = new Map<string, string[]>()
  readonly #keys = new Map<string, ConfigState['keys'][string]>()
  readonly #isolated = new Set<string>()
  readonly #running = new Set<string>()
  #version: string | undefined
  #config: string | undefined
  #asOf = -1

  /** Takes the next entry; whether it changed what is in force. */
  add(entry: Entry): boolean {
    this.#asOf = entry.index
    return entry.type === 'admin' && entry.outcome === 'done' && this.#apply(entry, entry.target ?? '')
  }

  state(): ConfigState {
    return {
      asOf: this.#asOf,
      gateway: {
        ...(this.#version === undefined ? {} : { version: this.#version }),
        ...(this.#config === undefined ? {} : { config: this.#config }),
        isRunning: this.#running.size > 0,
      },
      manifests: sorted(this.#manifests),
      tools: sorted(this.#tools),
      users: sorted(this.#users),
      keys: sorted(this.#keys),
      isolated: [...this.#isolated].sort(),
    }
  }

  #apply({ verb, detail }: AdminEntry, target: string): boolean {
    const text = (name: string): string => String(detail[name] ?? '')
    const list = (name: string): string[] => [detail[name] ?? []].flat().map(String)
    switch (verb) {
      case 'gateway.start':
      case 'config.loaded':
        this.#config = detail['config'] === undefined ? undefined : text('config')
        if (verb === 'config.loaded') return true
        this.#version = detail['version'] === undefined ? undefined : text('version')
        this.#running.add(text('replica'))
        return true
      case 'gateway.stop':
        return this.#running.delete(text('replica'))
      case 'manifest.removed':
        return this.#manifests.delete(target)
      case 'manifest.loaded':
      case 'manifest.signed':
        this.#manifests.set(target, {
          version: Number(detail['version'] ?? 0),
          hash: text('hash'),
          signed: detail['signed'] === true,
        })
        return true
      case 'tools.approve':
        this.#tools.set(target, { hash: text('hash'), effect: text('effect') })
        return true
      case 'user.create':
        this.#users.set(target, list('roles'))
        return true
      case 'agent.create':
      case 'agent.rotate':
        this.#keys.set(text('key'), { agent: target, task: text('task') })
        return true
      case 'agent.revoke':
        for (const key of list('keys')) this.#keys.delete(key)
        return true
      case 'isolate':
        this.#isolated.add(target)
        return true
      case 'release':
        return this.#isolated.delete(target)
      default:
        return false
    }
  }
}

/**
 * What was in force at a time: the state after the last entry not later than it.
 * @param entries A log from its first entry on.
 */
export async function configAt(
  entries: AsyncIterable<{ readonly entry: Entry }>,
  time: string,
): Promise<{ readonly state: ConfigState; readonly hash: string }> {
  const history = new ConfigHistory()
  for await (const { entry } of entries) {
    if (entry.time > time) break
    history.add(entry)
  }
  const state = history.state()
  return { state, hash: configHash(state) }
}

/** One hash for everything in force: equal exactly when nothing differs. The place in the log is not part of it. */
export function configHash({ asOf: _, ...state }: ConfigState): string {
  return sha256Hex(jcs(state as unknown as Json))
}

function sorted<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
