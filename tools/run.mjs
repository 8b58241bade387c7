// Runs a command on the pinned Node with everything installed. Plain JavaScript without dependencies: it has to work on
// Node 20 in a fresh clone, before anything is there.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, linkSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { basename, delimiter, dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const MODULES = join(ROOT, 'node_modules')
const MARKER = join(MODULES, '.installed')
const LOCK = join(ROOT, '.installing')
const WINDOWS = process.platform === 'win32'
const PINNED = `node-${WINDOWS ? 'win' : process.platform}-${process.arch}`
const NODE_MIN = [22, 19]
const LOCK_POLL_MS = 200
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

if (!installed()) await exclusively(install)
const node = pinnedNode()
const [command, ...args] = process.argv.slice(2)
const child = spawn(node, [...(command === 'node' ? [] : [binary(command)]), ...args], {
  cwd: ROOT,
  env: environment(node),
  stdio: 'inherit',
})
child.on('error', (error) => fail(`cannot start ${String(node)}: ${error.message}`))
child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))
for (const signal of SIGNALS) {
  // A terminal's Ctrl-C reaches the child by itself; a second one would cut its orderly stop short.
  process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)))
}

/**
 * Whether node_modules is what the lockfile names: npm writes its own copy of the lockfile there, last, so that an interrupted
 * install has none. Packages of other platforms are absent from it.
 */
function installed() {
  const wantsNode = readFileSync(join(ROOT, 'package-lock.json'), 'utf8').includes(`"node_modules/${PINNED}"`)
  if (wantsNode && !existsSync(pinnedPath())) return false
  if (existsSync(MARKER) && readFileSync(MARKER, 'utf8') === lockfileHash()) return true
  const present = packagesOf(join(MODULES, '.package-lock.json'))
  return Object.entries(packagesOf(join(ROOT, 'package-lock.json'))).every(([path, wanted]) => {
    if (!path.startsWith('node_modules/') || wanted.integrity === undefined) return true
    return present[path] ? present[path].integrity === wanted.integrity : wanted.optional && !isForThisMachine(wanted)
  })
}

function packagesOf(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {}
}

function isForThisMachine({ os, cpu, libc }) {
  return os?.includes(process.platform) && cpu?.includes(process.arch) && !libc?.includes('musl')
}

function lockfileHash() {
  return createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex')
}

/** Installs exactly what the lockfile names. */
async function install() {
  if (WINDOWS && process.execPath.startsWith(MODULES + sep)) fail('the dependencies have changed: run "npm ci", then this again')
  process.stderr.write('installing dependencies (once)…\n')
  await npmCi(process.env.npm_node_execpath ?? process.execPath)
  const pinned = pinnedPath()
  if (!installed() && existsSync(pinned)) {
    // npm leaves out optional packages that do not support the Node it runs on, though they will run on the pinned one.
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-node-'))
    copyFileSync(pinned, join(folder, basename(pinned)))
    await npmCi(join(folder, basename(pinned)))
    rmSync(folder, { recursive: true, force: true })
  }
  writeFileSync(MARKER, lockfileHash())
}

async function npmCi(runtime) {
  const npm = process.env.npm_execpath
  const [file, prefix] = npm && basename(npm) === 'npm-cli.js' ? [runtime, [npm]] : ['npm', []]
  const options = ['--include=dev', '--include=optional', '--engine-strict=false', '--no-audit', '--no-fund', '--loglevel=error']
  const npmCall = spawn(file, [...prefix, 'ci', ...options], {
    cwd: ROOT,
    env: environment(runtime),
    stdio: ['ignore', 2, 2],
    shell: WINDOWS && file === 'npm',
  })
  // Whoever finds this lock after a kill waits for the npm that outlived it.
  writeFileSync(LOCK, `${process.pid} ${npmCall.pid ?? ''}`)
  const stop = (signal) => npmCall.kill(signal)
  for (const signal of SIGNALS) process.on(signal, stop)
  const code = await new Promise((resolve) => npmCall.on('exit', resolve).on('error', (error) => resolve(error.message)))
  for (const signal of SIGNALS) process.off(signal, stop)
  if (code !== 0) fail(`npm ci failed${typeof code === 'string' ? `: ${code}` : '; see above'}`)
  if (!existsSync(join(MODULES, '.package-lock.json'))) fail('npm ci left nothing behind; check the npm configuration')
}

/** Holds a lock while `work` runs, so that two first runs at once install once. The lock of a dead process is taken over. */
async function exclusively(work) {
  const mine = `${LOCK}.${process.pid}`
  writeFileSync(mine, String(process.pid))
  while (!tryLink(mine)) if (isHeld()) await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS))
  process.on('exit', () => rmSync(LOCK, { force: true }))
  rmSync(mine)
  if (!installed()) await work()
  rmSync(LOCK, { force: true })
  process.removeAllListeners('exit')
}

function tryLink(mine) {
  try {
    linkSync(mine, LOCK)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

/** Whether a live process holds the lock; a dead one's is moved out of the way. */
function isHeld() {
  try {
    const holders = readFileSync(LOCK, 'utf8')
    if (holders === '' || holders.trim().split(' ').some(isAlive)) return true
    const stale = `${LOCK}.${process.pid}.stale`
    renameSync(LOCK, stale)
    // Somebody else may have replaced the dead lock between the two calls: then it goes back.
    if (readFileSync(stale, 'utf8') !== holders) linkSync(stale, LOCK)
    rmSync(stale)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  }
  return false
}

function isAlive(pid) {
  try {
    process.kill(Number(pid), 0)
    return true
  } catch (error) {
    return error.code !== 'ESRCH'
  }
}

/** The exact Node of the lockfile where a platform package exists and runs; elsewhere this one, when it is new enough. */
function pinnedNode() {
  const pinned = pinnedPath()
  // It is built for glibc, so on other systems it may be there and not start.
  if (existsSync(pinned) && spawnSync(pinned, ['--version']).status === 0) return pinned
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return process.execPath
  return fail(
    `there is no pinned Node for ${process.platform}-${process.arch}, so Node ${NODE_MIN.join('.')} or newer is needed; this is ${process.version}`,
  )
}

function pinnedPath() {
  return join(MODULES, PINNED, 'bin', WINDOWS ? 'node.exe' : 'node')
}

/** The environment with one Node and the installed commands first, under the one spelling Windows may use for PATH. */
function environment(runtime) {
  // Sources run unbuilt: what Node strips and compiles is kept beside the packages for the next start.
  const NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE ?? join(MODULES, '.cache', 'compile')
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
  return {
    ...process.env,
    NODE_COMPILE_CACHE,
    [name]: [dirname(runtime), join(MODULES, '.bin'), process.env[name]].filter(Boolean).join(delimiter),
  }
}

function binary(name) {
  const folder = join(MODULES, { tsc: 'typescript' }[name] ?? name)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return join(folder, typeof bin === 'string' ? bin : bin[name])
}

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
