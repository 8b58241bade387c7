import { readdirSync, readFileSync, statSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { fromUtf8, isGatewayError, parseCheckpoint, parseNote, verifyCheckpoint, CHECKPOINT_PATH } from '@sallyport/core'
import { auditKeyOf, loadConfig, logReader, openHome, parseManifest, type Home, type LoadedConfig } from '@sallyport/gateway'
import type { Context } from '../../define-command.ts'

export interface Check {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
}

const NODE_MIN = [22, 19] as const
/** No machine that signs and expires things lives before the release of this software. */
const CLOCK_MIN_MS = Date.UTC(2026, 0, 1)
const CONNECT_MS_MAX = 3_000

/** Looks at everything a gateway needs, changes nothing. Later checks are left out when an earlier one makes them pointless. */
export async function examine(context: Context): Promise<Check[]> {
  const checks = [checkNode(process.versions.node), checkClock(Date.now())]
  const home = attempt(() => openHome(context.homeDir, { create: false }))
  if ('problem' in home) return [...checks, { name: 'home', status: 'fail', detail: home.problem }]
  checks.push({ name: 'home', status: 'ok', detail: `${home.value.dir} is private, its secrets are random` })
  checks.push(checkUsers(home.value))
  const isRunning = await canConnect({ path: home.value.controlSocket })
  checks.push({ name: 'gateway', status: 'ok', detail: isRunning ? 'runs on this home folder' : 'does not run' })
  const loaded = attempt(() => loadConfig(home.value.configFile, context.env))
  if ('problem' in loaded) checks.push({ name: 'configuration', status: 'fail', detail: loaded.problem })
  else {
    checks.push({ name: 'configuration', status: 'ok', detail: loaded.value.file })
    if (!isRunning) checks.push(await checkPort(loaded.value))
    checks.push(...(await checkServers(loaded.value)), ...checkManifests(loaded.value.manifestsDir))
  }
  checks.push(await checkLog(home.value))
  return checks
}

function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isNew = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])
  return {
    name: 'node',
    status: isNew ? 'ok' : 'fail',
    detail: isNew ? version : `${version}; ${NODE_MIN.join('.')} or newer is needed`,
  }
}

function checkClock(nowMs: number): Check {
  const isSane = nowMs > CLOCK_MIN_MS
  return {
    name: 'clock',
    status: isSane ? 'ok' : 'fail',
    detail: isSane ? new Date(nowMs).toISOString() : 'is far in the past; tokens and entries would be misdated',
  }
}

function checkUsers(home: Home): Check {
  const keys = readdirSync(home.usersDir).filter((name) => name.endsWith('.key'))
  const open = keys.filter((name) => process.platform !== 'win32' && (statSync(join(home.usersDir, name)).mode & 0o077) !== 0)
  if (open.length > 0)
    return { name: 'user keys', status: 'fail', detail: `others can use ${open.join(', ')}; run: chmod 600 ${home.usersDir}/*.key` }
  return {
    name: 'user keys',
    status: keys.length === 0 ? 'warn' : 'ok',
    detail: keys.length === 0 ? 'none here; the first "sallyport up" makes an owner' : keys.join(', '),
  }
}

/** Whether the gateway could listen. */
async function checkPort({ config }: LoadedConfig): Promise<Check> {
  const { host, port } = config.listen
  const problem = await new Promise<string | undefined>((resolve) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'cannot listen'))
    probe.listen(port, host, () => probe.close(() => resolve(undefined)))
  })
  return {
    name: 'port',
    status: problem === undefined ? 'ok' : 'fail',
    detail: `${host}:${port} ${problem === undefined ? 'is free' : `cannot be used (${problem})`}`,
  }
}

async function checkServers({ config }: LoadedConfig): Promise<Check[]> {
  return Promise.all(
    Object.entries(config.servers).map(async ([id, server]): Promise<Check> => {
      if (server.transport === 'stdio')
        return { name: `server ${id}`, status: 'ok', detail: `started by the gateway: ${server.command}` }
      const { hostname, port, protocol } = new URL(server.url)
      const isUp = await canConnect({
        host: hostname.replace(/^\[|\]$/g, ''),
        port: Number(port || (protocol === 'https:' ? 443 : 80)),
      })
      return {
        name: `server ${id}`,
        status: isUp ? 'ok' : 'warn',
        detail: `${server.url} ${isUp ? 'accepts connections' : 'cannot be reached now'}`,
      }
    }),
  )
}

function canConnect(to: { readonly host: string; readonly port: number } | { readonly path: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...to, timeout: CONNECT_MS_MAX })
    const end = (isUp: boolean) => () => {
      socket.destroy()
      resolve(isUp)
    }
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false))
  })
}

function checkManifests(dir: string): Check[] {
  const files = attempt(() => readdirSync(dir).filter((name) => name.endsWith('.yaml')))
  if ('problem' in files) return [{ name: 'manifests', status: 'fail', detail: `${dir} cannot be read` }]
  if (files.value.length === 0) return [{ name: 'manifests', status: 'warn', detail: `none in ${dir}: no agent may do anything` }]
  return files.value.map((name): Check => {
    const parsed = attempt(() => parseManifest(readFileSync(join(dir, name), 'utf8'), join(dir, name)))
    return { name: 'manifest', status: 'problem' in parsed ? 'fail' : 'ok', detail: 'problem' in parsed ? parsed.problem : name }
  })
}

/** The head only: the signature of the newest checkpoint. "audit verify" reads everything. */
async function checkLog(home: Home): Promise<Check> {
  const note = fromUtf8((await logReader(home.logDir)(CHECKPOINT_PATH)) ?? new Uint8Array())
  if (note === undefined || note === '') return { name: 'audit log', status: 'warn', detail: 'empty: nothing was recorded yet' }
  const key = auditKeyOf(home)
  const result = verifyCheckpoint(note, { origin: key.name, keys: [key] })
  if ('fault' in result)
    return { name: 'audit log', status: 'fail', detail: `its newest checkpoint does not verify: ${result.fault}` }
  const size = parseCheckpoint(parseNote(note)?.text ?? '')?.size ?? 0
  return { name: 'audit log', status: 'ok', detail: `checkpoint over ${size} entries verifies` }
}

function attempt<T>(run: () => T): { readonly value: T } | { readonly problem: string } {
  try {
    return { value: run() }
  } catch (error) {
    return { problem: isGatewayError(error) ? error.message : error instanceof Error ? error.message : 'unknown' }
  }
}
