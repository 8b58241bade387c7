import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { HIDING, openPagesWorld, type PagesWorld, lookLive } from './pages-world.ts'
import { axeOn, CHROMIUM, type Person } from './person.ts'

// A browser on a busy machine; only what hangs takes as long.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const PHONE = { width: 390, height: 844 }
const DESK = { width: 1_280, height: 800 }

describe.skipIf(!existsSync(CHROMIUM) && process.env['CI'] === undefined)('views of the console in a browser', () => {
  let world: PagesWorld
  let vera: Person

  beforeAll(async () => {
    world = await openPagesWorld()
    vera = await world.enrol('vera')
  })
  afterAll(() => world?.close())

  /** What axe, the width of a phone and the policy say about the page as it stands, and what hostile text became in it. */
  async function troubleOn({ page, trouble }: Person): Promise<string[]> {
    const found = [...(await axeOn(page)), ...trouble]
    await page.setViewportSize(PHONE)
    const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
    if (wide > PHONE.width) found.push(`${wide} px wide`)
    await page.setViewportSize(DESK)
    const became = await page
      .locator('main img, main b, main [onerror], main a[href*="evil.example"], main a[href^="javascript:"]')
      .count()
    if (became > 0) found.push('hostile text became something')
    if (/\p{Cf}/u.test(await page.locator('main').innerText())) found.push('something hides')
    return found
  }

  test('R267 R255: a session is seen in time, acts under what asked for them, each a key away from its explanation', async () => {
    const agent = world.governed.client('clerk', 'work')
    await agent.call('erp__look', {})
    expect(await world.pay(710, HIDING)).toContain('Not done yet')
    await agent.call(`erp__${HIDING}`, {}).catch(() => undefined)
    const asked = (await world.governed.entries()).findLast((one) => one.type === 'decision' && one.action.name === 'pay')
    if (asked?.type !== 'decision') throw new Error('nothing asked')
    const { page } = vera
    await page.goto(`${world.origin}/decisions/${asked.index}`)
    await page.getByRole('link', { name: 'The whole session, in time' }).click()
    const table = page.getByRole('region', { name: 'session' })
    const row = table.getByRole('row', { name: /erp\.pay/ }).first()
    await row.getByText('require_approval').waitFor()
    await table
      .getByRole('row', { name: /people were asked/ })
      .getByText('pending')
      .waitFor()
    await table
      .getByRole('row', { name: /erp\.look/ })
      .first()
      .getByText('success')
      .waitFor()
    expect(await troubleOn(vera)).toEqual([])
    await row.getByRole('link').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: `Entry ${asked.index}` }).waitFor()
    await page.goto(`${world.origin}/sessions/${encodeURIComponent('<b>x</b>\u202Etxt.exe')}`)
    await page.getByText('no entry of this session').waitFor()
    expect(await troubleOn(vera)).toEqual([])
  })

  test('R255: what was seen is marked in the content for whoever gives a reason to look; the content is text', async () => {
    await world.governed.client('clerk', 'work').call('erp__file', { who: 'C-1', note: HIDING })
    const filed = (await world.governed.entries()).findLast((one) => one.type === 'decision' && one.action.name === 'file')
    expect(filed).toMatchObject({ enforced: 'allow' })
    const { page } = vera
    await page.goto(`${world.origin}/decisions/${filed?.index}`)
    await page.getByRole('button', { name: 'Show where in the arguments' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(/Reason/).fill('what hides there?')
    await dialog.getByRole('button', { name: 'Look at them' }).click()
    const seen = page.getByRole('region', { name: `What was seen in entry ${filed?.index}` })
    await seen.locator('mark').first().waitFor()
    expect(await seen.locator('mark').allInnerTexts()).toEqual(['</b>', '\\u{202e}'])
    expect(await seen.innerText()).toContain('the <b>usual</b> place \\u{202e}txt.exe')
    expect(await troubleOn(vera)).toEqual([])
    const reads = (await world.governed.entries()).filter((one) => one.type === 'admin' && one.verb === 'content.read')
    expect(reads).toMatchObject([{ actor: { id: 'vera' }, detail: { purpose: 'what hides there?' } }])
  })

  test('a view is saved by name with its filter, found in the palette, and forgotten; its name is text', async () => {
    const { page } = vera
    const choose = async (typed: string, choice: string): Promise<void> => {
      await page.keyboard.press('Control+k')
      await page
        .getByRole('dialog')
        .getByPlaceholder(/A page/)
        .fill(typed)
      await page.getByRole('option', { name: choice, exact: true }).waitFor()
      await page.getByRole('option', { name: choice, exact: true }).click()
    }
    await page.goto(`${world.origin}/audit?tool=erp.look`)
    await page.getByRole('region', { name: 'entries' }).waitFor()
    await choose('save looks <b>\u202E', 'Save this view as looks <b>\\u{202e}')
    await page.goto(`${world.origin}/you`)
    await page.getByRole('button', { name: 'Forget looks' }).waitFor()
    expect(await troubleOn(vera)).toEqual([])
    await choose('View looks', 'View looks <b>\\u{202e}')
    await page.getByRole('region', { name: 'entries' }).waitFor()
    expect(page.url()).toBe(`${world.origin}/audit?tool=erp.look`)
    expect(await page.getByRole('textbox', { name: 'tool' }).inputValue()).toBe('erp.look')
    await choose('Forget looks', 'Forget view looks <b>\\u{202e}')
    await page.goto(`${world.origin}/you`)
    await page.getByText('None. On any page').waitFor()
  })

  test('what the live page shows can be taken away, and no cell of it is a formula', async () => {
    const { page } = vera
    await lookLive(world, page)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export CSV' }).click()
    const chunks: Buffer[] = []
    for await (const chunk of await (await download).createReadStream()) chunks.push(chunk as Buffer)
    const csv = Buffer.concat(chunks).toString('utf8')
    expect(csv).toContain('erp.look')
    expect(csv).not.toMatch(/(?:^|,)"[=+\-@\t]/m)
  })

  test('R010: where the data of an agent goes is a picture one walks by keys, and a table that says the same', async () => {
    await world.governed
      .client('clerk', 'work')
      .call(`erp__${HIDING}`, {})
      .catch(() => undefined)
    const { page } = vera
    await page.goto(`${world.origin}/agents/clerk`)
    await page.getByRole('link', { name: 'Where its data goes' }).click()
    const pay = page.getByRole('button', { name: /^tool erp\.pay: transact/ })
    await pay.waitFor()
    expect(await troubleOn(vera)).toEqual([])
    const ways = page.getByRole('region', { name: 'ways' }).getByRole('row')
    const all = await ways.count()
    await pay.focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => ways.count()).toBeLessThan(all)
    expect(await ways.filter({ hasNotText: 'tool erp.pay' }).count()).toBe(1)
    expect(new URL(page.url()).searchParams.get('node')).toBe('tool:erp.pay')
    expect(await troubleOn(vera)).toEqual([])
    await page.reload()
    await pay.and(page.locator('[aria-pressed=true]')).waitFor()
  })

  test('R267: a client is told where the gateway is, never a key, and its first request is seen as it comes', async () => {
    const { page } = vera
    await page.goto(`${world.origin}/setup?agent=clerk`)
    await page.getByRole('button', { name: 'Codex' }).click()
    await page.getByText(`url = "${world.governed.url()}/a/clerk/mcp"`).waitFor()
    const said = await page.locator('main').innerText()
    expect(said).not.toContain('sp_')
    expect(said).not.toContain('first request seen')
    await page.getByText('Waiting for a request of clerk').waitFor()
    await page.waitForTimeout(1_000)
    await world.governed
      .client('clerk', 'work')
      .call(`erp__${HIDING}`, {})
      .catch(() => undefined)
    await page.getByText('first request seen ✓').waitFor()
    expect(await troubleOn(vera)).toEqual([])
    // A name that is none is not even recorded.
    await page.getByRole('link', { name: /erp\.\?/ }).click()
    await page.getByRole('heading', { name: /^Entry/ }).waitFor()
    await page.goto(`${world.origin}/setup?agent=${encodeURIComponent(`x"$(y)${HIDING}`)}`)
    await page.getByText('/a/clerk/mcp').waitFor()
    expect(await troubleOn(vera)).toEqual([])
  })

  test('first steps stand on the overview until somebody is done with them', async () => {
    const { page } = vera
    await page.goto(`${world.origin}/`)
    const steps = page.getByRole('region', { name: 'First steps' })
    await steps.getByRole('link', { name: /See what clerk can reach/ }).waitFor()
    expect(await troubleOn(vera)).toEqual([])
    await steps.getByRole('button', { name: 'Done with it' }).click()
    await steps.waitFor({ state: 'detached' })
    await page.reload()
    await page.getByText('Where things stand').waitFor()
    expect(await steps.count()).toBe(0)
  })

  test('where the system sets the colours, what only a fill says has a line', async () => {
    const { page } = vera
    await page.emulateMedia({ forcedColors: 'active' })
    await page.goto(`${world.origin}/audit`)
    await page.getByRole('navigation').getByRole('link', { name: 'Audit' }).waitFor()
    const outline = await page.evaluate<string>(`getComputedStyle(document.querySelector('[aria-current=page]')).outlineStyle`)
    expect(outline).toBe('solid')
    await page.goto(`${world.origin}/agents/clerk/graph`)
    await page.getByRole('button', { name: /^tool erp\.pay/ }).waitFor()
    const fills = await page.evaluate<string[]>(
      `['rect', 'text'].map((name) => getComputedStyle(document.querySelector('main svg ' + name)).fill)`,
    )
    await page.emulateMedia({ forcedColors: 'none' })
    expect(fills[0]).not.toBe(fills[1])
    expect(fills).not.toContain('rgba(0, 0, 0, 0)')
  })
})
