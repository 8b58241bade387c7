import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Json } from '@sallyport/core'
import { callControl, parsePrivateKey, readSecret, signRequest } from '@sallyport/gateway'
import type { Browser, BrowserContext } from 'playwright-core'
import { launch, openPerson } from '../../console/person.ts'
import { startServer } from '../gateway/children.ts'
import { freePort, type GovernedHome, prepareHome, startGateway } from '../gateway/governed.ts'
import { writeLongPast } from './long-past.ts'

const ROOT = join(import.meta.dirname, '../../..')
const WATCHER = 'watcher'
const START_MS_MAX = 30_000

/** The running product over a long log, each part a process of its own, and somebody who is signed in. */
export interface ConsoleStage {
  readonly origin: string
  readonly governed: GovernedHome
  readonly browser: Browser
  /** A browser of the same person with nothing cached. */
  freshContext(): Promise<BrowserContext>
  /** Asks the HTTP API as the pages do; the status when it refuses. */
  ask(path: string, body: Json): Promise<Json>
  close(): Promise<void>
}

/** @throws Error where there is no Chromium */
export async function openConsoleStage(entries: number, note: (line: string) => void): Promise<ConsoleStage> {
  const closing: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).toReversed()) await end()
  }
  try {
    execFileSync(process.execPath, [join(ROOT, 'packages/console/build.ts'), '--if-stale'], { stdio: 'ignore' })
    const upstream = await startServer('upstream')
    closing.push(upstream.stop)
    const port = await freePort()
    const origin = `http://localhost:${port}`
    note(`a log of ${entries} entries is written`)
    const governed = await prepareHome(upstream.url, {
      config: { console: { port } },
      before: (home) => writeLongPast(home, entries),
    })
    closing.push(async () => governed.remove())
    note('the gateway starts over it')
    const gateway = await startGateway(governed.home)
    closing.push(gateway.stop)
    // It starts the console, which is a process of its own.
    await answers(origin)
    const browser = await launch()
    closing.push(() => browser.close())
    const person = await openPerson(browser, { origin, token: await linkFor(governed) })
    const state = await person.context.storageState()
    await person.context.close()
    const ask = await askerOf(origin, state.cookies)
    return { origin, governed, browser, freshContext: () => browser.newContext({ storageState: state }), ask, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function answers(origin: string): Promise<void> {
  for (const endMs = Date.now() + START_MS_MAX; Date.now() < endMs; await delay(50)) {
    if (
      await fetch(origin).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return
  }
  throw new Error('the console did not come up')
}

async function linkFor({ home }: GovernedHome): Promise<string> {
  const file = home.userKeyFile('operator')
  const key = parsePrivateKey(readSecret(file), file)
  const call = async (verb: string, input: Json): Promise<Json> => {
    const answer = await callControl(home.controlSocket, signRequest({ verb, input, user: 'operator' }, key, Date.now()))
    if (answer?.ok) return answer.output
    throw new Error(`${answer?.code}: ${answer?.message}`)
  }
  await call('user.create', { user: WATCHER, roles: ['security'] })
  return ((await call('user.link', { user: WATCHER })) as { token: string }).token
}

async function askerOf(
  origin: string,
  cookies: readonly { readonly name: string; readonly value: string }[],
): Promise<ConsoleStage['ask']> {
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const { csrf } = (await (await fetch(`${origin}/api/v1/session`, { headers: { cookie } })).json()) as { csrf: string }
  return async (path, body) => {
    const headers = { cookie, origin, 'content-type': 'application/json', 'sallyport-csrf': csrf }
    const response = await fetch(`${origin}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    const answer = (await response.json()) as Json
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${JSON.stringify(answer).slice(0, 500)}`)
    return answer
  }
}
