import { randomBytes } from 'node:crypto'
import { DEFAULT_GUARD_POLICY, longestWindowMs, weakenedLayers } from '@sallyport/core'
import { fetchJwks } from '../fetch-jwks.ts'
import { hosts } from '../hosts.ts'
import { openIdentities, type Identities } from '../identity/identities.ts'
import { openManifests, type Manifests } from '../manifests/index.ts'
import { openPromptVersions, type PromptFolder } from '../prompt-versions.ts'
import { promptRequirer } from '../require-prompt.ts'
import { compileSchema } from '../schema.ts'
import type { Stores } from './stores.ts'

/** Everything a decision is made from: manifests and identities. */
export interface Rules {
  readonly manifests: Manifests
  readonly identities: Identities
  readonly prompts: PromptFolder
  /** Told when an agent's grants change. */
  onChange: (agent: string) => void
}

export async function openRules({ home, loaded, state, audit, record, nowMs, log, closing }: Stores): Promise<Rules> {
  // Before the manifests: opening them already reports every one of them.
  const change: Pick<Rules, 'onChange'> = { onChange: () => {} }
  const prompts = openPromptVersions(loaded.promptsDir, nowMs)
  const manifests = await openManifests({
    dir: loaded.manifestsDir,
    state,
    deps: { compileSchema, hosts, requirePrompt: promptRequirer({ prompts, record, log }) },
    nowMs,
    watch: true,
    onChange: ({ agent, cause, version = 0, hash = '', signed = false, observe = new Set() }) => {
      change.onChange(agent)
      const weakened = [...weakenedLayers(DEFAULT_GUARD_POLICY, { nowMs: nowMs(), agent, observe })]
      record({
        verb: `manifest.${cause}`,
        target: agent,
        detail: { version, hash, signed, ...(weakened.length > 0 && { weakened }) },
      })
    },
    onProblem: ({ agent, problem }) => {
      log(`manifest of ${agent} is not usable; the last good version stays in force`, new Error(problem))
      record({ verb: 'manifest.rejected', target: agent, detail: { problem: problem.slice(0, 500).toWellFormed() } })
    },
  })
  closing.push(() => manifests.close())
  const hasTask = (agent: string, task: string): boolean => manifests.current(agent)?.tasks.has(task) === true
  const sessionKey = home.deriveKey('session')
  const identities = openIdentities({ state, sessionKey, nowMs, randomBytes, fetchJwks, hasTask, audit }, loaded.config.issuers)
  return Object.assign(change, { manifests, identities, prompts })
}

/** A manifest with a longer window than any before makes older calls count. */
export async function restoreBudgets({ restore }: Stores, { manifests }: Rules, agent: string): Promise<void> {
  const manifest = manifests.current(agent)
  if (manifest) await restore(longestWindowMs(manifest))
}
