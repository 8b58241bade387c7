import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the clients live: a package of its own, so that a fresh clone does not have to install them. */
export const CLIENTS_DIR = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'conformance', 'clients')
const VENV_DIR = join(CLIENTS_DIR, '.venv')
export const PYTHON = join(VENV_DIR, process.platform === 'win32' ? 'Scripts' : 'bin', 'python')

/** Command line of the official conformance suite, as arguments for Node. */
export const SUITE = join(CLIENTS_DIR, 'node_modules', '@modelcontextprotocol', 'conformance', 'dist', 'index.js')

/** Exact version of an installed client. */
export function versionOf(name: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(CLIENTS_DIR, 'node_modules', name, 'package.json'), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
}

/** Installs the JavaScript clients and the suite, unless exactly that is there already. */
export function installClients(note: (line: string) => void): void {
  const lock = join(CLIENTS_DIR, 'package-lock.json')
  installOnce(lock, join(CLIENTS_DIR, 'node_modules'), () => {
    note('installing MCP clients (once)…')
    const npm = process.env['npm_execpath']
    const [file, prefix]: [string, string[]] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
    run(file, [...prefix, 'ci', '--no-audit', '--no-fund', '--loglevel=error'])
  })
}

/**
 * Makes a virtual environment with the Python client, unless it is there already.
 * @throws Error when the machine has no Python with venv.
 */
export function installPython(note: (line: string) => void): void {
  installRequirements(CLIENTS_DIR, () => note('installing the Python MCP client (once)…'))
}

/**
 * Makes a virtual environment in a folder, with exactly what its `requirements.txt` lists by hash, unless it is there already.
 * @param onInstall Called before something is installed.
 * @returns Folder of the environment's programs.
 * @throws Error when the machine has no Python with venv.
 */
export function installRequirements(dir: string, onInstall: () => void): string {
  const requirements = join(dir, 'requirements.txt')
  const venv = join(dir, '.venv')
  const programs = join(venv, process.platform === 'win32' ? 'Scripts' : 'bin')
  installOnce(requirements, venv, () => {
    onInstall()
    run('python3', ['-m', 'venv', venv])
    const options = ['--quiet', '--disable-pip-version-check', '--require-hashes', '--no-deps', '--only-binary', ':all:']
    run(join(programs, 'python'), ['-m', 'pip', 'install', ...options, '-r', requirements])
  })
  return programs
}

function installOnce(wanted: string, folder: string, install: () => void): void {
  const hash = createHash('sha256').update(readFileSync(wanted)).digest('hex')
  const marker = join(folder, '.installed')
  if (existsSync(marker) && readFileSync(marker, 'utf8') === hash) return
  install()
  writeFileSync(marker, hash)
}

function run(file: string, args: readonly string[]): void {
  const { status, error } = spawnSync(file, args, {
    cwd: CLIENTS_DIR,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && file === 'npm',
  })
  if (status !== 0) throw new Error(`${file} ${args[0]} failed${error ? `: ${error.message}` : ''}`)
}
