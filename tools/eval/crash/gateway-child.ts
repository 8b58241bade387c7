import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const MAIN = join(import.meta.dirname, '../../../packages/cli/src/main.ts')
const UP_MS_MAX = 30_000
const OUTPUT_CHARS_MAX = 20_000
const BLOCK_BYTES = 512

/** `sallyport up` as a process of its own. */
export interface GatewayProcess {
  /** Its address once it listens. @throws Error when it ends before. */
  url(): Promise<string>
  /** Ends it at once, without a chance to finish anything. @throws Error when it had ended by itself. */
  kill(): Promise<void>
  /** Stops its clockwork, as a frozen machine does, and lets it go on. POSIX only. */
  freeze(): void
  thaw(): void
  /** Lets it finish. */
  stop(): Promise<void>
}

export interface SpawnOptions {
  /** Size beyond which no file can grow: writes fail as on a full disk. POSIX only. */
  readonly fileBytesMax?: number
}

export function spawnGateway(homeDir: string, { fileBytesMax }: SpawnOptions = {}): GatewayProcess {
  const up = [process.execPath, '--conditions=sallyport-source', '--disable-warning=ExperimentalWarning', MAIN, 'up']
  const limited = ['sh', '-c', 'ulimit -f "$0" && exec "$@"', String(Math.ceil((fileBytesMax ?? 0) / BLOCK_BYTES)), ...up]
  const [command = '', ...args] = fileBytesMax === undefined ? up : limited
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, SALLYPORT_HOME: homeDir } })
  const ended = once(child, 'exit')
  let output = ''
  const listening = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the gateway is not up after ${UP_MS_MAX} ms: ${output}`)), UP_MS_MAX)
    const read = (chunk: Buffer): void => {
      output = `${output}${chunk.toString('utf8')}`.slice(-OUTPUT_CHARS_MAX)
      const url = /runs at (http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1]
      if (url !== undefined) resolve(url)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('close', (code) => {
      clearTimeout(timer)
      reject(new Error(`the gateway ended with ${String(code)}: ${output}`))
    })
  })
  // Who kills it while it starts does not ask for its address.
  listening.catch(() => undefined)

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    child.kill(signal)
    await ended
  }
  return {
    url: () => listening,
    kill: async () => {
      await end('SIGKILL')
      if (child.signalCode !== 'SIGKILL') throw new Error(`the gateway ended by itself: ${output}`)
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: () => end('SIGTERM'),
  }
}
