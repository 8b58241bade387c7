import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openConsoleWorld, type Browser, type ConsoleWorld } from '../fixtures/console-world.ts'
import { startIdp, type Idp } from '../fixtures/idp.ts'
import { freePort } from '../fixtures/postgres.ts'

let idp: Idp
let world: ConsoleWorld

beforeAll(async () => {
  const port = await freePort()
  idp = await startIdp(`http://localhost:${port}/api/v1/sign-in/oidc/callback`)
  const people = `  oidc: [{ id: idp, label: The IdP, issuer: "${idp.issuer}", jwksUrl: "${idp.jwksUrl}", clientId: sallyport, clientSecret: "\${file:idp-secret}" }]\n`
  world = await openConsoleWorld({
    port,
    people,
    before: (dir) => writeFileSync(`${dir}/idp-secret`, 'a secret of a client that is long enough', { mode: 0o600 }),
  })
})
afterAll(async () => {
  await world.close()
  await idp.close()
})

/** Goes where a browser would, keeping the provider's cookies; returns the address with which it comes back. */
async function through(start: string): Promise<string> {
  let at = start
  let cookies = ''
  for (let step = 0; step < 10; step++) {
    if (at.startsWith(world.origin)) return at.slice(world.origin.length)
    const response = await fetch(at, { redirect: 'manual', headers: { cookie: cookies } })
    const fresh = response.headers.getSetCookie().map((set) => set.split(';', 1)[0] ?? '')
    const kept = cookies.split('; ').filter((one) => one !== '' && !fresh.some((set) => set.split('=')[0] === one.split('=')[0]))
    cookies = [...kept, ...fresh].join('; ')
    at = new URL(response.headers.get('location') ?? '', at).href
  }
  throw new Error('does not come back')
}

async function begin(browser: Browser): Promise<string> {
  const { status, headers } = await browser.get('/api/v1/sign-in/oidc/idp')
  expect(status).toBe(303)
  return through(String(headers['location']))
}

async function linked(user: string): Promise<Browser> {
  await world.asOlga('user.create', { user, roles: ['approver'] })
  const { token } = await world.asOlga('user.link', { user })
  const browser = world.browser()
  await browser.post('/api/v1/sign-in/link', { body: { token } })
  return browser
}

test('R284: somebody connects an account with a link, and signs in with it from then on', async () => {
  expect((await world.browser().get('/api/v1/sign-in')).body).toEqual({ passkey: true, oidc: [{ id: 'idp', label: 'The IdP' }] })
  const ann = await linked('ann')
  const back = await begin(ann)
  // A strict cookie does not come along with what another site leads to.
  const flow = ann.cookie
    .split('; ')
    .filter((one) => one.startsWith('sallyport-flow='))
    .join('')
  expect(await ann.get(back, { headers: { cookie: flow } })).toMatchObject({ status: 303, headers: { location: '/' } })
  expect((await ann.get('/api/v1/session')).body).toMatchObject({ user: 'ann', method: 'oidc' })
  const later = world.browser()
  expect(await later.get(await begin(later))).toMatchObject({ status: 303 })
  expect((await later.get('/api/v1/session')).body).toMatchObject({ user: 'ann', method: 'oidc' })
  expect(later.cookie).not.toContain('flow')
})

test('R284: an account nobody connected is nobody, whatever it calls itself', async () => {
  idp.account = 'ann'
  const browser = world.browser()
  expect(await browser.get(await begin(browser))).toMatchObject({ status: 401, body: { code: 'IDENTITY_INVALID' } })
  idp.account = 'u-1'
  expect((await browser.get('/api/v1/session')).status).toBe(401)
})

test('R284: an answer that is not to this browser’s question is refused', async () => {
  const browser = world.browser()
  const back = await begin(browser)
  expect(await world.browser().get(back)).toMatchObject({ status: 401 })
  const other = world.browser()
  const theirs = await begin(other)
  expect(await browser.get(theirs)).toMatchObject({ status: 401, body: { code: 'IDENTITY_INVALID' } })
  const again = await begin(browser)
  const spoilt = [
    again.replace(/state=[^&]+/, 'state=x'),
    again.replace(/state=[^&]+&?/, ''),
    again.replace(/code=[^&]+/, 'code=x'),
    again.replace(/iss=[^&]+/, 'iss=http%3A%2F%2Fevil.example'),
    `${again.split('?')[0]}?error=access_denied`,
  ]
  const { cookie } = browser
  for (const url of spoilt) {
    browser.cookie = cookie
    expect(await browser.get(url)).toMatchObject({ status: 401 })
  }
})

test('R284: one answer signs in once, and leads nowhere but here', async () => {
  const browser = world.browser()
  const back = await begin(browser)
  const { cookie } = browser
  expect(await browser.get(`${back}&redirect=http://evil.example&next=//evil.example`)).toMatchObject({
    status: 303,
    headers: { location: '/' },
  })
  browser.cookie = cookie
  expect(await browser.get(back)).toMatchObject({ status: 401 })
  expect(await browser.get('/api/v1/sign-in/oidc/other')).toMatchObject({ status: 404 })
})
