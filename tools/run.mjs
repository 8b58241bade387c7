// Runs a command on the pinned Node with everything installed. Plain JavaScript without dependencies: it has to work on
// Node 20 in a fresh clone, before anything is there.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const MODULES = join(ROOT, 'node_modules')
const NODE_MIN = [22, 19]

install()
const node = pinnedNode()
const [command, ...args] = process.argv.slice(2)
const env = { ...process.env, PATH: [dirname(node), join(MODULES, '.bin'), process.env.PATH].join(delimiter) }
const child =
  command === 'node'
    ? spawn(node, args, { cwd: ROOT, env, stdio: 'inherit' })
    : spawn(node, [join(MODULES, binary(command)), ...args], { cwd: ROOT, env, stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))

/** Installs what the lockfile names, unless exactly that is there already. */
function install() {
  const wanted = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json'))).digest('hex')
  const marker = join(MODULES, '.installed')
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return
  process.stderr.write('installing dependencies (once)…\n')
  const npm = process.env.npm_execpath
  const [file, prefix] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  const result = spawnSync(file, [...prefix, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && file === 'npm',
  })
  if (result.status !== 0) {
    process.stderr.write('npm ci failed; see above\n')
    process.exit(1)
  }
  writeFileSync(marker, wanted)
}

/** The exact Node of the lockfile where a platform package exists; elsewhere this one, when it is new enough. */
function pinnedNode() {
  const file = process.platform === 'win32' ? 'node.exe' : 'node'
  const pinned = join(MODULES, `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`, 'bin', file)
  if (existsSync(pinned)) return pinned
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return process.execPath
  process.stderr.write(`Node ${NODE_MIN.join('.')} or newer is needed on ${process.platform}-${process.arch}; this is ${process.version}\n`)
  process.exit(1)
}

function binary(name) {
  const manifest = JSON.parse(readFileSync(join(MODULES, packageOf(name), 'package.json'), 'utf8'))
  return join(packageOf(name), typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[name])
}

function packageOf(name) {
  return { tsc: 'typescript' }[name] ?? name
}
