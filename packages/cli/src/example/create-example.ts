import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { GatewayError } from '@sallyport/core'
import { exampleDir } from './calls.ts'
import { companyConfig, CONSOLE_PORT, DEFAULT_PORTS, HTTP_SERVERS, type HttpServerId, TOKEN_FILE } from './company-config.ts'
import { EXAMPLE_AGENT, EXAMPLE_MANIFEST } from './company-manifest.ts'
import { INBOX } from './company.ts'
import { LIBRARY } from './library.ts'

const TOKEN_BYTES = 32

export interface ExampleOptions {
  /** Port of the gateway in the configuration; 0 lets the system choose at every start. */
  readonly listenPort?: number
  /** `default` takes the documented ports when they are free; `any` always takes free ones and has no console, for homes that live briefly. */
  readonly ports?: 'default' | 'any'
  /** Text of the agent's manifest, instead of the example's own. */
  readonly manifest?: string
}

/** What was written. */
export interface Example {
  readonly configFile: string
  readonly manifestFile: string
  readonly ports: Readonly<Record<HttpServerId, number>>
}

/**
 * Writes the example company into a home folder: configuration, manifest, documents, mail and the credentials between the
 * gateway and the tool servers (0600). Nothing runs yet and nothing is granted until the manifest is signed.
 * @throws GatewayError `CONFLICT` when the folder already has a configuration.
 */
export async function createExample(homeDir: string, options: ExampleOptions = {}): Promise<Example> {
  const configFile = join(homeDir, 'sallyport.yaml')
  const manifestFile = join(homeDir, 'manifests', `${EXAMPLE_AGENT}.yaml`)
  if (existsSync(configFile)) throw new GatewayError('CONFLICT', `${configFile} exists already`)
  const isBrief = options.ports === 'any'
  const ports = await choosePorts(options.ports ?? 'default')
  const consolePort = isBrief ? undefined : ((await freePort(CONSOLE_PORT)) ?? (await freePort(0)))
  const dir = exampleDir(homeDir)
  write(manifestFile, options.manifest ?? EXAMPLE_MANIFEST)
  for (const server of HTTP_SERVERS) write(join(dir, server, TOKEN_FILE), randomBytes(TOKEN_BYTES).toString('base64url'))
  for (const [id, text] of Object.entries(LIBRARY)) write(join(dir, 'documents', 'files', `${id}.md`), text)
  for (const letter of INBOX) write(join(dir, 'mail', 'inbox', `${letter.id}.json`), JSON.stringify(letter))
  mkdirSync(join(dir, 'erp'), { recursive: true, mode: 0o700 })
  // Last, so that a folder with a configuration is a complete one.
  write(
    configFile,
    companyConfig({
      listenPort: options.listenPort ?? 7700,
      exampleDir: dir,
      ports,
      ...(consolePort !== undefined && { consolePort }),
    }),
  )
  return { configFile, manifestFile, ports }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(file, text, { mode: 0o600 })
  chmodSync(file, 0o600)
}

async function choosePorts(wish: 'default' | 'any'): Promise<Record<HttpServerId, number>> {
  const chosen: Record<HttpServerId, number> = { ...DEFAULT_PORTS }
  for (const server of HTTP_SERVERS) {
    chosen[server] =
      (wish === 'default' ? await freePort(DEFAULT_PORTS[server]) : undefined) ?? (await freePort(0)) ?? DEFAULT_PORTS[server]
  }
  return chosen
}

/** `port` when it is free, or any free one for 0; `undefined` when it is taken. */
function freePort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(undefined))
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' ? address?.port : undefined))
    })
  })
}
