import axe from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

export const CHROMIUM = '/usr/bin/chromium'

/** Somebody with a browser of their own and a passkey in it. */
export interface Person {
  readonly context: BrowserContext
  readonly page: Page
  /** Whatever the browser refused, could not load or asked of another host since it was opened. */
  readonly trouble: string[]
}

/** @throws Error where there is no Chromium */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

/** A browser for somebody who enrols with their link, as they would. */
export async function openPerson(
  browser: Browser,
  { origin, token }: { readonly origin: string; readonly token: string },
): Promise<Person> {
  const context = await browser.newContext({ reducedMotion: 'reduce' })
  await context.addInitScript({ content: axe.source })
  const page = await context.newPage()
  const trouble: string[] = []
  page.on('console', (said) => {
    // A refusal of the server is an answer, and browsers report it as an error of the page.
    if (said.type() === 'error' && !/status of (401|403|409)/.test(said.text())) trouble.push(said.text())
  })
  page.on('pageerror', (error) => trouble.push(String(error)))
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith('blob:')) trouble.push(`asked ${request.url()}`)
  })
  const devtools = await context.newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  await page.goto(`${origin}/enrol#${token}`)
  await page.getByRole('button', { name: 'Use the link' }).click()
  await page.getByRole('button', { name: 'Register a passkey' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  return { context, page, trouble }
}

/** What axe finds against WCAG 2.2 AA on the page as it stands. */
export async function axeOn(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(
    ({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target, failureSummary }) => target + ' ' + failureSummary).join(' | ')))`)
}
