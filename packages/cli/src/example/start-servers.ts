import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { GatewayError } from '@sallyport/core'
import { parse } from 'yaml'
import { z } from 'zod'
import { exampleDir } from './calls.ts'
import { HTTP_SERVERS, type HttpServerId, READY_LINE, serverCommand, TOKEN_FILE } from './company-config.ts'

/** The part of the configuration that says where the servers are; the gateway checks the rest. */
const Configured = z.object({ servers: z.record(z.string(), z.object({ url: z.url().optional() })).default({}) })

const START_MS_MAX = 15_000
const STOP_MS_MAX = 2_000
const STDERR_CHARS_MAX = 2_000

/** Whether a home folder holds the example company. */
export function hasExample(homeDir: string): boolean {
  return HTTP_SERVERS.every((server) => existsSync(join(exampleDir(homeDir), server, TOKEN_FILE)))
}

/**
 * Starts the example servers that speak HTTP, on the ports the configuration names. They end with this process. Servers a
 * person removed from the configuration stay off.
 * @throws GatewayError `UPSTREAM_UNAVAILABLE` when one does not start; none is left running then.
 */
export async function startExampleServers(homeDir: string): Promise<{ close(): Promise<void> }> {
  const { servers } = Configured.parse(parse(readFileSync(join(homeDir, 'sallyport.yaml'), 'utf8')))
  const wanted = HTTP_SERVERS.flatMap((server) => {
    const url = servers[server]?.url
    return url === undefined ? [] : [{ server, port: Number(new URL(url).port) }]
  })
  const started = await Promise.allSettled(wanted.map(({ server, port }) => start(server, join(exampleDir(homeDir), server), port)))
  const children = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const close = async () => void (await Promise.all(children.map(stop)))
  const failure = started.find((result) => result.status === 'rejected')
  if (failure !== undefined) {
    await close()
    throw failure.reason
  }
  return { close }
}

async function start(server: HttpServerId, serverDir: string, port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...serverCommand(server), serverDir, String(port)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {},
  })
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint = `${complaint}${chunk.toString()}`.slice(-STDERR_CHARS_MAX)))
  const ready = new Promise<boolean>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => line === READY_LINE && resolve(true))
    child.once('exit', () => resolve(false))
    child.once('error', () => resolve(false))
    setTimeout(() => resolve(false), START_MS_MAX).unref()
  })
  if (await ready) return child
  await stop(child)
  const taken = complaint.includes('EADDRINUSE')
  const reason = taken ? 'something else listens there; change its url in sallyport.yaml' : complaint.trim()
  throw new GatewayError('UPSTREAM_UNAVAILABLE', `the example server ${server} did not start on port ${port}: ${reason}`)
}

/** Ends with its stdin; killed when it does not. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const exited = once(child, 'exit')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
  child.stdin?.end()
  await exited
  clearTimeout(timer)
}
