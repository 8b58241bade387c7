import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Browser, type ConsoleWorld, openConsoleWorld } from '../../gateway/src/fixtures/console-world.ts'
import { type Control, ControlProblem, openControl } from './index.ts'

let world: ConsoleWorld
let owner: Browser
let control: Control
/** The same person with their passkey at hand. */
let confirming: Control

beforeAll(async () => {
  world = await openConsoleWorld()
  owner = await world.enrolled('sam', ['owner', 'security'])
  control = openControl({ url: world.origin, cookie: owner.cookie })
  const confirm = async (options: object): Promise<object> => {
    const { challenge } = options as { readonly challenge: string }
    return owner.passkey.assert({ challenge, rpId: 'localhost', origin: world.origin })
  }
  confirming = openControl({ url: world.origin, cookie: owner.cookie, confirm })
})
afterAll(() => world.close())

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof ControlProblem ? error.code : error),
  )

test('a verb is called and answers with its type', async () => {
  const { agents } = await control.call('agent.list', {})
  expect(agents).toEqual([])
})

test('R284: what wants a passkey is asked for it, and without one it is not done', async () => {
  expect(await codeOf(control.call('user.create', { user: 'dan', roles: ['approver'] }))).toBe('IDENTITY_CONFIRM')
  await confirming.call('user.create', { user: 'dan', roles: ['approver'] })
  const { users } = await control.call('user.list', {})
  expect(users.map(({ id }) => id)).toContain('dan')
})

test('a change keeps to the version that was looked at', async () => {
  const etagOf = async () => (await control.call('user.list', {})).users.find(({ id }) => id === 'dan')?.etag ?? ''
  const etag = await etagOf()
  await confirming.call('user.update', { user: 'dan', roles: ['approver', 'security'], reason: 'on call' }, { ifMatch: etag })
  const late = confirming.call('user.update', { user: 'dan', roles: ['approver'], reason: 'not on call' }, { ifMatch: etag })
  await expect(late).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', status: 412 })
})

test('the same key is done once, another input under it is refused', async () => {
  const once = { idempotencyKey: 'erin-1' }
  const first = await confirming.call('user.create', { user: 'erin', roles: ['approver'] }, once)
  expect(await confirming.call('user.create', { user: 'erin', roles: ['approver'] }, once)).toEqual(first)
  expect(await codeOf(confirming.call('user.create', { user: 'erin', roles: ['approver'] }))).toBe('CONFLICT')
  expect(await codeOf(confirming.call('user.create', { user: 'fred', roles: ['approver'] }, once))).toBe('CONFLICT')
})

test('what is read again is not sent again while it is the same', async () => {
  const { etag, output } = await control.read('user.list', {})
  expect(output?.users.length).toBeGreaterThan(0)
  expect(await control.read('user.list', {}, { etag: etag ?? '' })).toEqual({ etag })
  expect((await control.read('user.list', {}, { etag: '"other"' })).output).toEqual(output)
})

test('a query has objects, lists and numbers as they are', async () => {
  const { output } = await control.read('audit.search', { query: { type: 'admin' }, limit: 1, purpose: 'to see' })
  expect(output?.entries).toHaveLength(1)
})

test('R284: roles hold, and a problem says what is wrong', async () => {
  const approver = openControl({ url: world.origin, cookie: (await world.enrolled('ann', ['approver'])).cookie })
  const refused = approver.call('agent.create', { agent: 'clerk' })
  await expect(refused).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN', status: 403, name: 'ControlProblem' })
  expect(await codeOf(control.call('isolate', { agent: 'nobody', reason: 'to see' }))).toBe('NOT_FOUND')
  expect(await codeOf(control.call('isolate', {} as never))).toMatch(/^REQUEST_/)
})

test('without a session nothing is done; without a server that is said', async () => {
  expect(await codeOf(openControl({ url: world.origin }).call('agent.list', {}))).toBe('IDENTITY_MISSING')
  expect(await codeOf(openControl({ url: world.origin, cookie: `sallyport=${'x'.repeat(43)}` }).read('agent.list', {}))).toMatch(
    /^IDENTITY_/,
  )
  const fetch = () => Promise.reject(new Error('connection refused'))
  await expect(openControl({ url: world.origin, fetch }).read('agent.list', {})).rejects.toMatchObject({
    code: 'UNREACHABLE',
    status: 0,
  })
})

test('a token of the session that could not be had is asked for again', async () => {
  let isDown = true
  const fetch: typeof globalThis.fetch = (...asked) => (isDown ? Promise.reject(new Error('down')) : globalThis.fetch(...asked))
  const flaky = openControl({ url: world.origin, cookie: owner.cookie, fetch })
  expect(await codeOf(flaky.call('agent.list', {}))).toBe('UNREACHABLE')
  isDown = false
  expect(await codeOf(flaky.call('agent.list', {}))).toBe('done')
})
