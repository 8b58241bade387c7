import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const READY_MS_MAX = 20_000
const END_MS_MAX = 5_000
const SAID_CHARS_MAX = 2_000

/** The console as a process of its own. */
export interface RunningConsole {
  /** What it said where it could not start; the gateway runs without it. */
  readonly problem?: string
  close(): Promise<void>
}

/** Starts the console beside the gateway, and waits until it listens. */
export async function startConsole(homeDir: string): Promise<RunningConsole> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const main = fileURLToPath(new URL(`../../main.${extension}`, import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, main, '--home', homeDir, '--json', 'console'], {
    // The channel tells it when this process is gone, however it went.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  child.channel?.unref()
  const problem = await ready(child)
  return { ...(problem !== undefined && { problem }), close: () => end(child) }
}

/** `undefined` once it listens; else what it said. */
async function ready(child: ChildProcess): Promise<string | undefined> {
  let said = ''
  const hear = (text: string): void => void (said = (said + text).slice(-SAID_CHARS_MAX))
  child.stderr?.setEncoding('utf8').on('data', hear)
  const { stdout } = child
  if (!stdout) return 'it cannot be heard'
  stdout.setEncoding('utf8')
  const first = Promise.withResolvers<string>()
  stdout.once('data', first.resolve)
  child.once('exit', () => first.resolve(''))
  const late = setTimeout(() => first.resolve(''), READY_MS_MAX)
  const line = await first.promise
  clearTimeout(late)
  stdout.resume()
  const answer = parseLine(line)
  if (answer?.url !== undefined) return undefined
  return answer?.message ?? (said.trim().split('\n', 1)[0] || 'it did not start in time')
}

function parseLine(line: string): { readonly url?: string; readonly message?: string } | undefined {
  try {
    const { url, error } = JSON.parse(line) as { url?: string; error?: { message?: string } }
    return { ...(url !== undefined && { url }), ...(error?.message !== undefined && { message: error.message }) }
  } catch {
    return undefined
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), END_MS_MAX)
  await gone
  clearTimeout(late)
}
