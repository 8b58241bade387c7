import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { RunOptions } from '../../report.ts'
import { type ServerChild, startCommand } from './children.ts'
import { freePort } from './governed.ts'

const FOLDER = join(import.meta.dirname, '../portkey')
const MAIN = join(FOLDER, 'node_modules/@portkey-ai/gateway/build/start-server.js')
const INSTALL_MS_MAX = 60_000

/** Headers that send Portkey to the static model. */
export const portkeyHeaders = (upstreamUrl: string): Record<string, string> => ({
  'x-portkey-provider': 'openai',
  'x-portkey-custom-host': `${upstreamUrl}/v1`,
})

/** Starts the Portkey gateway, installed on demand in a folder of its own. `undefined`, with a note why, when it cannot be. */
export async function startPortkey(options: RunOptions): Promise<ServerChild | undefined> {
  try {
    if (!existsSync(MAIN)) install()
    const port = await freePort()
    const child = await startCommand([MAIN, `--port=${port}`, '--headless'], /(Ready for connections)/, {
      NODE_ENV: 'production',
      TRUSTED_CUSTOM_HOSTS: '127.0.0.1',
    })
    return { ...child, url: `http://127.0.0.1:${port}` }
  } catch (error) {
    options.note(`Portkey is left out: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

function install(): void {
  const options = { cwd: FOLDER, encoding: 'utf8', timeout: INSTALL_MS_MAX, shell: process.platform === 'win32' } as const
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], options)
  if (result.status !== 0) throw new Error(`npm ci failed: ${result.stderr.trim().split('\n').at(-1) ?? ''}`)
}
