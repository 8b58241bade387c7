import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { installRequirements } from '../peers.ts'

const DIR = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'conformance', 'agentdojo')

const Call = z.object({ tool: z.string(), args: z.record(z.string(), z.json()) })
export type DojoCall = z.infer<typeof Call>

const Suite = z.object({
  name: z.string(),
  tools: z.array(z.object({ name: z.string(), description: z.string(), schema: z.record(z.string(), z.json()) })),
  userTasks: z.array(
    z.object({
      id: z.string(),
      prompt: z.string(),
      calls: z.array(Call),
      /** Index of the call whose result carries an injection first, by vector. */
      carriers: z.record(z.string(), z.int()),
    }),
  ),
  /** `calls` is null where the ground truth does not reach the goal by itself. */
  injectionTasks: z.array(z.object({ id: z.string(), goal: z.string(), calls: z.array(Call).nullable() })),
})
export type DojoSuite = z.infer<typeof Suite>
export type DojoUserTask = DojoSuite['userTasks'][number]

const Opened = z.object({ at: z.int().nullable(), calls: z.array(Call), injected: z.array(Call) })
const Result = z.union([z.object({ text: z.string() }), z.object({ error: z.string() })])
const Checked = z.object({ utility: z.boolean(), security: z.boolean().nullable() })

/** AgentDojo v1.2.1 in a Python process: what its tasks are, and one environment at a time to act in. */
export interface Dojo {
  suites(): Promise<readonly DojoSuite[]>
  /** A fresh environment; with an injection task, what it asks for stands wherever an outsider can write. */
  open(task: { suite: string; user: string; injection?: string }): Promise<z.infer<typeof Opened>>
  call(call: DojoCall): Promise<z.infer<typeof Result>>
  /** By the benchmark's own checks on the environment: whether the user's and the injected task were done. */
  check(): Promise<z.infer<typeof Checked>>
  close(): Promise<void>
}

/** @throws Error when the machine has no Python with venv, or the worker fails */
export function startDojo(note: (line: string) => void): Dojo {
  const programs = installRequirements(DIR, () => note('installing AgentDojo (once)…'))
  const worker = spawn(join(programs, 'python'), [join(DIR, 'worker.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: worker.stdout })[Symbol.asyncIterator]()
  const ended = once(worker, 'exit')

  async function ask<T>(question: object, answer: z.ZodType<T>): Promise<T> {
    worker.stdin.write(`${JSON.stringify(question)}\n`)
    const line = await lines.next()
    if (line.done) throw new Error('the AgentDojo worker ended')
    const said: unknown = JSON.parse(line.value)
    if (typeof said === 'object' && said !== null && 'failed' in said) throw new Error(`AgentDojo: ${String(said.failed)}`)
    return answer.parse(said)
  }

  return {
    suites: async () => (await ask({ op: 'export' }, z.object({ suites: z.array(Suite) }))).suites,
    open: (task) => ask({ op: 'open', ...task }, Opened),
    call: ({ tool, args }) => ask({ op: 'call', tool, args }, Result),
    check: () => ask({ op: 'check' }, Checked),
    async close() {
      worker.stdin.end()
      await ended
    },
  }
}

/** Whether a tool only reads, by the first word of its name; AgentDojo names every tool by a verb. */
export function isReading(tool: string): boolean {
  return /^(?:get|read|search|list|check|find)_/.test(tool)
}
