import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exchange } from '../../gateway/src/fixtures/console-world.ts'
import { freePort } from '../../gateway/src/fixtures/postgres.ts'
import { cliHome, finished, type CliHome } from './fixtures/cli-home.ts'

let cli: CliHome
let port: number

beforeAll(async () => {
  port = await freePort()
  cli = await cliHome(`console: { port: ${port} }\n`)
})
afterAll(() => cli.remove())

const get = (path: string): Promise<{ status: number; text: string }> => exchange(port, { method: 'GET', path, headers: {} })
const post = (path: string, body: object) =>
  exchange(port, {
    method: 'POST',
    path,
    headers: { origin: `http://localhost:${port}`, 'content-type': 'application/json' },
    text: JSON.stringify(body),
  })

describe('R284: the console as a process of its own', () => {
  test('serves people of the running gateway, and ends when it is told to', async () => {
    const child = cli.spawn('console')
    await once(child.stdout ?? child, 'data')
    expect(await get('/api/v1/sign-in')).toMatchObject({ status: 200 })
    expect(await cli.run('user', 'create', 'bo', '--no-key', '--role', 'approver')).toMatchObject({ code: 0 })
    const { out } = await cli.run('--json', 'user', 'link', 'bo')
    const { url } = JSON.parse(out) as { url: string }
    expect(url).toMatch(new RegExp(`^http://localhost:${port}/enrol#[\\w-]{43}$`))
    const token = url.split('#')[1] ?? ''
    expect(await post('/api/v1/sign-in/link', { token })).toMatchObject({ status: 200, body: { user: 'bo', method: 'link' } })
    expect(await post('/api/v1/sign-in/link', { token })).toMatchObject({ status: 401 })
    const gone = finished(child)
    child.kill('SIGTERM')
    expect(await gone).toMatchObject({ code: 0 })
  })

  test('is refused where the configuration has none, and where people would sign in without TLS', async () => {
    const before = readFileSync(cli.home.configFile, 'utf8')
    writeFileSync(cli.home.configFile, before.replace(/console:.*\n/, ''))
    expect(await finished(cli.spawn('console'))).toMatchObject({ err: expect.stringContaining('CONFIG_INVALID') })
    writeFileSync(cli.home.configFile, before.replace(/console:.*\n/, 'console: { publicUrl: "http://console.example" }\n'))
    expect(await finished(cli.spawn('console'))).toMatchObject({ err: expect.stringContaining('CONFIG_INSECURE') })
    writeFileSync(cli.home.configFile, before.replace(/console:.*\n/, 'console: { host: 0.0.0.0 }\n'))
    expect(await finished(cli.spawn('console'))).toMatchObject({ err: expect.stringContaining('CONFIG_INSECURE') })
    writeFileSync(cli.home.configFile, before)
  })

  test('"up" starts it, gives the owner a first link, and takes it along when it ends', async () => {
    await cli.stop()
    const up = cli.spawn('--json', 'up')
    const [line] = (await once(up.stdout ?? up, 'data')) as [Buffer]
    const report = JSON.parse(String(line)) as { console: { url: string; link: string; problem?: string } }
    expect(report.console.problem).toBeUndefined()
    expect(await get('/api/v1/sign-in')).toMatchObject({ status: 200 })
    const token = report.console.link.split('#')[1] ?? ''
    expect(await post('/api/v1/sign-in/link', { token })).toMatchObject({ status: 200, body: { user: 'alice', method: 'link' } })
    const gone = finished(up)
    up.kill('SIGTERM')
    await gone
    await expect(get('/api/v1/sign-in')).rejects.toThrow('ECONNREFUSED')
  })

  test('a gateway that is killed does not leave it behind', async () => {
    const up = cli.spawn('--json', 'up')
    await once(up.stdout ?? up, 'data')
    expect(await get('/api/v1/sign-in')).toMatchObject({ status: 200 })
    const gone = finished(up)
    up.kill('SIGKILL')
    await gone
    // It hears of it by the channel between them.
    const answers = (): Promise<unknown> =>
      get('/api/v1/sign-in').then(
        ({ status }) => status,
        ({ code }: { code: string }) => code,
      )
    await expect.poll(answers, { timeout: 10_000 }).toBe('ECONNREFUSED')
  })

  test('where its port is taken, the gateway runs without it and says so', async () => {
    const { createServer } = await import('node:http')
    const taken = createServer().listen(port, '127.0.0.1')
    await once(taken, 'listening')
    const up = cli.spawn('--json', 'up')
    const [line] = (await once(up.stdout ?? up, 'data')) as [Buffer]
    expect(JSON.parse(String(line))).toMatchObject({ console: { problem: expect.stringContaining('cannot listen') } })
    const gone = finished(up)
    up.kill('SIGTERM')
    await gone
    taken.close()
  })
})
