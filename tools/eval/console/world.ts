import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { Json } from '@sallyport/core'
import { callControl, parsePrivateKey, readSecret, signRequest, type Home, type Role } from '@sallyport/gateway'
import { openWorld, type World } from '../../../packages/cli/src/commands/demo/world.ts'
import { freePort } from '../../../packages/gateway/src/fixtures/postgres.ts'
import { launch, openPerson, type Person } from '../../console/person.ts'

const ROOT = join(import.meta.dirname, '../../..')
const STEP_MS_MAX = 15_000
export const AGENT = 'procurement-assistant'

/** The running product with the example company, its console as a process of its own, and a real browser. */
export interface ConsoleWorld {
  readonly company: World
  readonly origin: string
  readonly agent: Client
  /** As alice, the owner, on the command line. */
  asAlice(verb: string, input?: Json): Promise<{ readonly token: string }>
  /** Registers somebody, opens a browser for them and enrols them with their link. */
  enrol(name: string, roles: Role[]): Promise<Person>
  close(): Promise<void>
}

/** @throws Error where there is no Chromium */
export async function openConsoleWorld(): Promise<ConsoleWorld> {
  const closing: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).toReversed()) await end()
  }
  try {
    await run(['packages/console/build.ts', '--if-stale'])
    const company = await openWorld()
    closing.push(() => company.close())
    const port = await freePort()
    const origin = `http://localhost:${port}`
    await appendFile(company.home.configFile, `console: { port: ${port} }\n`)
    const served = startConsole(company.homeDir)
    closing.push(() => end(served))
    await once(served.stdout ?? served, 'data')
    const browser = await launch()
    closing.push(() => browser.close())
    const agent = await connect(company)
    closing.push(() => agent.close())
    const asAlice = (verb: string, input: Json = {}): Promise<{ readonly token: string }> => signed(company.home, verb, input)
    return {
      company,
      origin,
      agent,
      asAlice,
      enrol: async (name, roles) => {
        await asAlice('user.create', { user: name, roles })
        const { token } = await retried(() => asAlice('user.link', { user: name }))
        const person = await openPerson(browser, { origin, token })
        person.page.setDefaultTimeout(STEP_MS_MAX)
        return person
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function connect({ url, exchange }: World): Promise<Client> {
  const client = new Client({ name: 'agent', version: '1' })
  const headers = { Authorization: `Bearer ${await exchange('alice', 'reconcile-orders')}` }
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/a/${AGENT}/mcp`), { requestInit: { headers } }))
  return client
}

/** The gateway takes a changed configuration over by itself, in a moment. */
async function retried<T>(act: () => Promise<T>, tries = 100): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (tries === 0 || !(error instanceof Error) || !error.message.includes('has no console')) throw error
    await wait(100)
    return retried(act, tries - 1)
  }
}

async function signed(home: Home, verb: string, input: Json): Promise<{ readonly token: string }> {
  const file = home.userKeyFile('alice')
  const request = signRequest({ verb, input, user: 'alice' }, parsePrivateKey(readSecret(file), file), Date.now())
  const answer = await callControl(home.controlSocket, request)
  if (answer?.ok) return answer.output as unknown as { token: string }
  throw new Error(`${answer?.code}: ${answer?.message}`)
}

function startConsole(homeDir: string): ChildProcess {
  const args = ['--conditions=sallyport-source', join(ROOT, 'packages/cli/src/main.ts'), '--home', homeDir, '--json', 'console']
  // The channel tells it when this process is gone, however it went.
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  child.channel?.unref()
  return child
}

async function run(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number]
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}
