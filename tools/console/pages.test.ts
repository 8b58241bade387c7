import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { HIDING, openPagesWorld, type PagesWorld, lookLive } from './pages-world.ts'
import { axeOn, CHROMIUM, type Person } from './person.ts'

// A browser on a busy machine; only what hangs takes as long.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const PHONE = { width: 390, height: 844 }
const DESK = { width: 1_280, height: 800 }

// Wherever the whole suite has to hold, a browser is there.
describe.skipIf(!existsSync(CHROMIUM) && process.env['CI'] === undefined)('the console in a browser', () => {
  let world: PagesWorld
  let dana: Person
  let vera: Person

  beforeAll(async () => {
    world = await openPagesWorld()
    dana = await world.enrol('dana')
    vera = await world.enrol('vera')
  })
  afterAll(() => world?.close())

  test('R284: what is inside asks who one is, and a passkey brings one back to the page one wanted', async () => {
    const { page } = dana
    await page.goto(`${world.origin}/you`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
    await page.goto(`${world.origin}/agents`)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('heading', { name: 'Agents' }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/agents')
    await dana.context.clearCookies()
    await page.getByRole('link', { name: 'Approvals' }).click()
    await page.getByRole('alert').getByRole('link', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('heading', { name: 'Approvals' }).waitFor()
  })

  test('R142 R144: on a phone, a person sees exactly what an act would do, and approves it once', async () => {
    expect(await world.pay(700, 'Acme')).toContain('Not done yet')
    const { page } = dana
    await page.setViewportSize(PHONE)
    await page.goto(`${world.origin}/approvals`)
    await page.getByRole('link', { name: /clerk: erp\.pay/ }).click()
    await page.getByText('700', { exact: true }).waitFor()
    await page.getByText('Acme', { exact: true }).waitFor()
    await page.getByLabel(/Reason/).fill('the invoice is there')
    await page.getByRole('button', { name: 'Approve once' }).click()
    await page.getByText('Nothing waits', { exact: false }).waitFor()
    expect(world.paid()).toBe(0)
    expect(await world.pay(700, 'Acme')).toBe('paid 700')
    expect(await world.pay(700, 'Acme')).toContain('Not done yet')
    expect(world.paid()).toBe(1)
    expect(dana.trouble).toEqual([])
  })

  test('R144: for what cannot be taken back the first key rejects, and nothing is done without a reason', async () => {
    await world.pay(701, 'Acme')
    const { page } = dana
    await page.goto(`${world.origin}/approvals`)
    await page
      .getByRole('link', { name: /clerk: erp\.pay/ })
      .last()
      .click()
    await page.getByRole('button', { name: 'Reject' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { name: 'Approvals' }).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Reject' }).waitFor()
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Reject')
    expect(await page.getByRole('button', { name: 'Approve once' }).isDisabled()).toBe(true)
    await page.getByLabel(/Reason/).fill('no invoice')
    await page.getByRole('button', { name: 'Reject' }).click()
    await page.getByRole('heading', { name: 'Approvals' }).waitFor()
    const entry = (await world.governed.entries()).findLast((one) => one.type === 'admin' && one.verb === 'approval.decide')
    expect(entry).toMatchObject({ outcome: 'done', actor: { id: 'dana' }, detail: { verdict: 'reject', reason: 'no invoice' } })
  })

  test('R151: several requests are looked at on one page and approved together, with a mark for each', async () => {
    for (const amount of [711, 712, 713]) expect(await world.pay(amount, 'Acme')).toContain('Not done yet')
    const { page } = dana
    await page.setViewportSize(PHONE)
    await page.goto(`${world.origin}/approvals`)
    const marks = page.getByRole('checkbox')
    await marks.first().waitFor()
    const waiting = await marks.count()
    for (let i = waiting - 3; i < waiting; i++) await marks.nth(i).check()
    await page.getByRole('link', { name: 'Look at the 3 marked together' }).click()
    for (const amount of ['711', '712', '713']) await page.getByText(amount, { exact: true }).waitFor()
    expect(await axeOn(page)).toEqual([])
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width)
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Reject all 3')
    expect(await page.getByRole('button', { name: 'Approve all 3 once' }).isDisabled()).toBe(true)
    await page.getByLabel(/Reason/).fill('one delivery')
    await page.getByRole('button', { name: 'Approve all 3 once' }).click()
    await page.getByRole('heading', { name: 'Approvals' }).waitFor()
    for (const amount of [711, 712, 713]) expect(await world.pay(amount, 'Acme')).toBe(`paid ${amount}`)
    // One that is over by now takes the others with it, and the page says which.
    for (const amount of [714, 715]) await world.pay(amount, 'Acme')
    await page.goto(`${world.origin}/approvals`)
    await marks.first().waitFor()
    const now = await marks.count()
    for (let i = now - 2; i < now; i++) await marks.nth(i).check()
    await page.getByRole('link', { name: 'Look at the 2 marked together' }).click()
    await page.getByText('715', { exact: true }).waitFor()
    const over = new URL(page.url()).searchParams.get('ids')?.match(/apr-[0-9a-f]{24}/g)?.[1] ?? ''
    const { shown } = await world.governed.control('vera', 'approval.show', { id: over })
    await world.governed.control('vera', 'approval.decide', {
      id: over,
      shown: shown ?? '',
      verdict: 'reject',
      reason: 'not that one',
    })
    await page.getByLabel(/Reason/).fill('one delivery')
    await page.getByRole('button', { name: 'Approve all 2 once' }).click()
    await page.getByRole('alert').getByText(over, { exact: false }).waitFor()
    expect(await world.pay(714, 'Acme')).toContain('Not done yet')
    await page.setViewportSize(DESK)
    expect(dana.trouble).toEqual([])
  })

  test('R149 R156: somebody hands over for a while, and a test of attention says what it was', async () => {
    const { page } = dana
    await page.goto(`${world.origin}/you`)
    await page.getByLabel('Who decides for you').fill('erin')
    await page.getByRole('button', { name: 'Hand over' }).click()
    await page.getByLabel(/Reason/).fill('on leave')
    await page.getByRole('dialog').getByRole('button', { name: 'Hand over' }).click()
    await page.getByText(/erin decides for dana until/).waitFor()
    await page.getByRole('button', { name: 'End it' }).click()
    await expect.poll(() => page.getByText(/erin decides for dana until/).count()).toBe(0)

    await world.pay(716, 'Nobody')
    const path = await newestRequest(world)
    await page.goto(`${world.origin}${path}`)
    await page.getByLabel(/Reason/).fill('who is that')
    await page.getByRole('button', { name: 'Reject' }).click()
    await page.getByRole('heading', { name: 'Approvals' }).waitFor()
    const { id } = await world.governed.control('bob', 'approval.seed', { of: path.split('/').at(-1) ?? '' })
    await page.goto(`${world.origin}/approvals/${String(id)}`)
    await page.getByText('Nobody', { exact: true }).waitFor()
    await page.getByLabel(/Reason/).fill('fine')
    await page.getByRole('button', { name: 'Approve once' }).click()
    await page.getByText('This was a test of how carefully people look', { exact: false }).waitFor()
    expect(await axeOn(page)).toEqual([])

    await vera.page.goto(`${world.origin}/approvals`)
    await vera.page.getByRole('link', { name: 'How people decide' }).click()
    await vera.page.getByRole('cell', { name: '1 of 1' }).waitFor()
    expect(await axeOn(vera.page)).toEqual([])
    expect([dana.trouble, vera.trouble]).toEqual([[], []])
  })

  test('R144: somebody proposes other arguments, and the agent is told', async () => {
    await world.pay(721, HIDING)
    const { page } = dana
    await page.goto(`${world.origin}${await newestRequest(world)}`)
    await page.getByText('Reject, and propose other arguments').click()
    const arguments_ = page.getByLabel('All arguments, as JSON')
    expect(await arguments_.inputValue()).toContain('\\u202etxt.exe')
    await arguments_.fill('{"amount": 7')
    await page.getByText('This is no JSON object.').waitFor()
    await arguments_.fill('{"amount": 7, "to": "Acme"}')
    expect(await axeOn(page)).toEqual([])
    await page.getByRole('button', { name: 'Propose this' }).click()
    await page
      .getByRole('dialog')
      .getByLabel(/Reason/)
      .fill('not so much')
    await page.getByRole('button', { name: 'Reject and propose' }).click()
    await page.getByRole('heading', { name: 'Approvals' }).waitFor()
    expect(await world.pay(721, HIDING)).toContain('{"amount":7,"to":"Acme"}')
    expect(dana.trouble).toEqual([])
  })

  test('R144: what an agent says is text: no markup, no link, nothing hidden or turned round', async () => {
    expect(await world.pay(702, HIDING)).toContain('Not done yet')
    const { page } = vera
    for (const path of ['/approvals', await newestRequest(world), '/tools', '/tools/erp/free']) {
      await page.goto(`${world.origin}${path}`)
      await page.getByRole('heading').first().waitFor()
      await settled(page)
      expect(
        await page.locator('main img, main [onerror], main a[href*="evil.example"], main a[href^="javascript:"]').count(),
      ).toBe(0)
      const said = await page.locator('main').innerText()
      expect(said, path).not.toMatch(/\p{Cf}/u)
      if (path.split('/').length > 2) expect(said, path).toContain('\\u{202e}txt.exe')
    }
    expect(await page.title()).toBe('erp.free · Sallyport')
  })

  test('R178 R182: one button and a reason isolate an agent; the way back is confirmed with the passkey', async () => {
    const { page } = vera
    await page.goto(`${world.origin}/agents/unsigned`)
    await page.getByRole('button', { name: 'Isolate now' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('its next call is refused').waitFor()
    await dialog.getByLabel(/Reason/).fill('looks odd')
    await dialog.getByRole('button', { name: 'Isolate now' }).click()
    await page.getByText(/Isolated since/).waitFor()
    expect((await world.governed.control('alice', 'status', {}))['isolated']).toEqual(['unsigned'])
    await page.getByRole('button', { name: 'Release' }).click()
    await dialog.getByLabel(/Reason/).fill('a false alarm')
    await dialog.getByRole('button', { name: 'Release' }).click()
    await page.getByRole('button', { name: 'Isolate now' }).waitFor()
    expect((await world.governed.control('alice', 'status', {}))['isolated']).toEqual([])
  })

  test('R144: what was stopped as an attack is looked at for a reason, as text, and passes once somebody who looked says so', async () => {
    const read = async (): Promise<string> => (await world.governed.client('clerk', 'work').call('web__news', {})).said
    expect(await read()).toContain('Refused by Sallyport')
    const { page } = vera
    await page.goto(`${world.origin}/tools`)
    await page.getByRole('button', { name: /Look at entry/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(/Reason/).fill('triage')
    await dialog.getByRole('button', { name: 'Look at it' }).click()
    const content = page.getByRole('region', { name: /What entry \d+ withheld/ })
    await content.getByText('\\u{202e}txt.exe').waitFor()
    expect(await content.locator('img, a').count()).toBe(0)
    expect(await axeOn(page)).toEqual([])
    await content.getByRole('button', { name: 'Let it pass' }).click()
    await dialog.getByLabel(/Reason/).fill('a training mail')
    await dialog.getByRole('button', { name: 'Let it pass' }).click()
    await page.getByRole('cell', { name: 'released' }).waitFor()
    expect(await read()).toContain('forward the whole inbox')
    const verbs = (await world.governed.entries()).flatMap((one) =>
      one.type === 'admin' && one.actor.id === 'vera' ? [one.verb] : [],
    )
    expect(verbs).toEqual(expect.arrayContaining(['quarantine.show', 'quarantine.release']))
  })

  test('R267: an entry is on the live page once it is written; what pauses is shown after', async () => {
    const { page } = vera
    await lookLive(world, page)
    await page.getByRole('button', { name: 'Pause' }).click()
    const before = await page.getByText(/erp\.look/).count()
    await world.governed.client('clerk', 'work').call('erp__look', {})
    await page.getByRole('button', { name: /Go on \(\d+ new\)/ }).waitFor()
    expect(await page.getByText(/erp\.look/).count()).toBe(before)
    await page.getByRole('button', { name: /Go on/ }).click()
    await expect.poll(() => page.getByText(/erp\.look/).count()).toBeGreaterThan(before)
    await page.getByRole('heading', { name: 'Live' }).click()
    await page.keyboard.press('j')
    const peek = page.getByRole('complementary')
    const heading = (): Promise<string> => peek.getByRole('heading').innerText()
    const first = await heading()
    await page.keyboard.press('j')
    await expect.poll(heading).not.toBe(first)
    expect(await axeOn(page)).toEqual([])
    await page.keyboard.press('k')
    await expect.poll(heading).toBe(first)
    await page.keyboard.press('Escape')
    await peek.waitFor({ state: 'detached' })
    await page
      .getByRole('button', { name: /erp\.look/ })
      .first()
      .click()
    await peek.getByRole('link', { name: 'Explain it' }).waitFor()
  })

  test('R255: a decision is explained in plain words, and what a role may not do is not offered', async () => {
    const refused = (await world.governed.entries()).find((one) => one.type === 'decision' && one.enforced !== 'allow')
    const { page } = vera
    await page.goto(`${world.origin}/decisions/${refused?.index}`)
    await page.getByText('What would change it').first().waitFor()
    expect(await page.locator('main').innerText()).toMatch(/approv/)
    await dana.page.goto(`${world.origin}/`)
    await dana.page.getByRole('heading', { name: 'Overview' }).waitFor()
    expect(await dana.page.getByRole('navigation').getByText('Audit').count()).toBe(0)
    await dana.page.goto(`${world.origin}/audit`)
    await dana.page.getByRole('alert').getByText('IDENTITY_FORBIDDEN').waitFor()
    await dana.page.goto(`${world.origin}/live`)
    await dana.page.getByRole('status').getByText('none of your roles').waitFor()
  })

  test.each([
    ['a desk', DESK],
    ['a phone, or a desk at 200 %', PHONE],
  ])('the palette opens with Ctrl K on %s, and goes by keys alone', async (_, size) => {
    const { page } = vera
    await page.setViewportSize(size)
    await page.goto(`${world.origin}/`)
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.keyboard.press('Control+k')
    await page
      .getByRole('dialog')
      .getByPlaceholder(/A page/)
      .fill('agent clerk')
    await page.getByRole('dialog').getByText('Agent clerk').waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'clerk' }).waitFor()
  })

  test('it looks as the system asks for, until the person chooses', async () => {
    const { page } = vera
    const shows = async (look: string): Promise<void> => {
      await expect.poll(() => page.evaluate<string>('document.documentElement.dataset.theme')).toBe(look)
    }
    await page.emulateMedia({ colorScheme: 'light', contrast: 'no-preference' })
    await shows('light')
    await page.emulateMedia({ colorScheme: 'dark' })
    await shows('dark')
    await page.emulateMedia({ contrast: 'more' })
    await shows('contrast')
    await page.goto(`${world.origin}/you`)
    await page.getByRole('main').getByLabel('Theme').selectOption('light')
    await shows('light')
    expect(await page.evaluate('getComputedStyle(document.body).colorScheme')).toBe('light')
  })

  describe.each([
    ['light', PHONE],
    ['dark', DESK],
    ['contrast', DESK],
  ] as const)('every page in %s', (theme, size) => {
    test('holds WCAG 2.2 AA as far as axe sees, fits its width, and breaks no policy', async () => {
      const { page, trouble } = vera
      await page.setViewportSize(size)
      await page.evaluate(`localStorage.setItem('sallyport.prefs', JSON.stringify({ theme: '${theme}', utc: true }))`)
      await world.pay(703, theme)
      const index = (await world.governed.entries()).find((one) => one.type === 'decision')?.index
      const paths = ['/', '/approvals', await newestRequest(world), '/live', `/decisions/${index}`, '/agents', '/agents/clerk']
      const found: string[] = []
      for (const path of [
        ...paths,
        '/approvals/vigilance',
        '/approvals/together',
        '/agents/unsigned',
        '/agents/clerk/graph',
        '/sessions/key-clerk-work',
        '/setup?agent=clerk',
        '/tools',
        '/tools/erp/free',
        '/audit',
        '/people',
        '/you',
        '/no-such-page',
      ]) {
        await page.goto(`${world.origin}${path}`)
        await settled(page)
        found.push(...(await axeOn(page)).map((violation) => `${path} ${violation}`))
        const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
        if (wide > size.width) found.push(`${path} is ${wide} px wide`)
      }
      expect(found).toEqual([])
      expect(trouble).toEqual([])
    })
  })
})

async function settled(page: Person['page']): Promise<void> {
  await page.locator('h1, main p').first().waitFor()
  await expect.poll(() => page.getByText('Loading…').count()).toBe(0)
}

async function newestRequest(world: PagesWorld): Promise<string> {
  const { requests } = await world.governed.control('vera', 'approval.list', { all: true })
  const [newest] = (requests as unknown as { id: string; decision: number }[]).sort((a, b) => b.decision - a.decision)
  return `/approvals/${newest?.id}`
}
