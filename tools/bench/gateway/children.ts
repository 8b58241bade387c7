import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LoadResult, LoadSpec } from './load.ts'

const START_MS_MAX = 60_000
const STOP_MS_MAX = 5_000
const CONDITIONS = '--conditions=sallyport-source'

/** A server in a process of its own. */
export interface ServerChild {
  readonly url: string
  readonly pid: number
  /** Whether it still runs. */
  readonly isAlive: () => boolean
  readonly stop: () => Promise<void>
}

/** Starts one of the servers beside this file and waits for its address. @throws Error when it does not come up. */
export async function startServer(name: string, args: readonly string[] = []): Promise<ServerChild> {
  return startCommand([CONDITIONS, join(import.meta.dirname, `${name}.ts`), ...args], /^\{"url":"([^"]+)"\}$/m)
}

/** Starts Node with arguments and waits until its output matches; group 1 is its address. @throws Error when it never does. */
export async function startCommand(args: readonly string[], ready: RegExp, env: NodeJS.ProcessEnv = {}): Promise<ServerChild> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  let output = ''
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not up after ${START_MS_MAX} ms: ${output}`)), START_MS_MAX)
    const read = (chunk: Buffer): void => {
      output = `${output}${chunk.toString()}`.slice(-20_000)
      const found = ready.exec(output)?.[1]
      if (found === undefined) return
      clearTimeout(timer)
      resolve(found)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`exited with ${code}: ${output}`))
    })
  }).catch(async (error: unknown) => {
    await stopChild(child)
    throw error
  })
  return {
    url,
    pid: child.pid ?? 0,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    stop: () => stopChild(child),
  }
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
  await gone
  clearTimeout(timer)
}

/** A load generator that runs one load after another. */
export interface LoadChild {
  readonly run: (spec: LoadSpec) => Promise<LoadResult>
  readonly stop: () => Promise<void>
}

export function startLoad(): LoadChild {
  const child = fork(join(import.meta.dirname, 'load.ts'), { execArgv: [CONDITIONS] })
  return {
    run: async (spec) => {
      child.send(spec)
      const [result] = (await once(child, 'message')) as [LoadResult]
      return result
    },
    stop: () => stopChild(child),
  }
}

/** Memory of a process that is really there, in MiB. Linux only; `undefined` elsewhere. */
export function residentMib(pid: number): number | undefined {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? undefined : Number(kib) / 1_024
  } catch {
    return undefined
  }
}
