import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { Channel, Classifier } from '@sallyport/core'
import { boundedCache } from '../bounded-cache.ts'
import { type ScoreJob, startChild } from './child-link.ts'
import type { ModelSpec } from './onnx-model.ts'
import type { Head } from './scoring.ts'
import { openPool, type WorkerLink } from './worker-pool.ts'

/** Limits of a classifier. */
export interface ClassifierLimits {
  /** Processes, each with a copy of the weights in memory: about 120 MB for the shipped model. */
  readonly workers: number
  /** Longest time for all windows of a call. */
  readonly timeoutMs: number
  /** Windows that may wait. */
  readonly queueMax: number
  /** Scores that are remembered, by hash of the text. */
  readonly cacheEntriesMax: number
}

export const CLASSIFIER_LIMITS: ClassifierLimits = { workers: 1, timeoutMs: 2_000, queueMax: 256, cacheEntriesMax: 4_096 }

/**
 * Opens a model of injected instructions in processes of its own. A score depends on the text and the head alone: not on the
 * other windows, not on what ran before.
 * @throws GatewayError `CONFIG_INVALID` or `CONFIG_INSECURE` with the path, when a file is missing, is not the pinned one, or is
 *   no model that can be run: the gateway does not start without it.
 */
export async function openOnnxClassifier(
  spec: ModelSpec,
  limits: Partial<ClassifierLimits> = {},
  start = startModelChild,
): Promise<Classifier> {
  const { cacheEntriesMax, ...bounds } = { ...CLASSIFIER_LIMITS, ...limits }
  const pool = await openPool<ScoreJob, number>({ ...bounds, start: () => start(spec) })
  const known = boundedCache<number>(cacheEntriesMax)
  return {
    name: `${basename(spec.model.path)} sha256:${spec.model.sha256}`,
    windowTokensMax: spec.windowTokensMax,
    score: async (windows) => {
      const jobs = windows.map(({ text, channel }) => {
        const head = headOf(channel)
        return { text, head, key: keyOf(text, head) }
      })
      const scores = jobs.map(({ key }) => known.get(key))
      const open = jobs.map((_, at) => at).filter((at) => scores[at] === undefined)
      const answers = await pool.run(open.map((at) => ({ text: jobs[at]?.text ?? '', head: jobs[at]?.head ?? 'third_party' })))
      for (const [place, at] of open.entries()) {
        const [answer, job] = [answers[place], jobs[at]]
        if (answer === undefined || job === undefined) continue
        scores[at] = answer
        known.set(job.key, answer)
      }
      return scores.map((score) => score ?? 1)
    },
    close: () => pool.close(),
  }
}

/** What a person types may instruct; in everything else an instruction to the agent is an injection. */
function headOf(channel: Channel): Head {
  return channel === 'user' ? 'user' : 'third_party'
}

/** The text itself is not kept. */
function keyOf(text: string, head: Head): string {
  return createHash('sha256').update(head).update('\0').update(text).digest('base64')
}

function startModelChild(spec: ModelSpec): WorkerLink<ScoreJob, number> {
  // The compiler rewrites the extensions of imports, not of URLs.
  return startChild(
    new URL(import.meta.url.endsWith('.ts') ? './classifier-child.ts' : './classifier-child.js', import.meta.url),
    spec,
  )
}
