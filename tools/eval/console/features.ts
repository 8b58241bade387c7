import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { shownText } from '@sallyport/core'
import type { Page } from 'playwright-core'
import type { Person } from '../../console/person.ts'
import { AGENT, type ConsoleWorld } from './world.ts'

/** What a person does with the console, as they would; it throws where that cannot be done. */
export interface Feature {
  readonly name: string
  readonly run: (world: ConsoleWorld, people: People) => Promise<void>
}

export interface People {
  /** Approver. */
  readonly ava: Person
  /** Security and owner. */
  readonly sam: Person
}

const DRAFT = { supplierId: 'S-01', amount: 100, currency: 'EUR', department: 'facilities' }

/** Text that would draw something else, run, or lead somewhere, in a page that lets it. */
export const HOSTILE = [
  'pay \u202E0001\u202C EUR',
  'in\u200Bvi\u2060si\uFEFFble',
  '<img src=x onerror="window.hostile=1"><script>window.hostile=1</script>',
  '[Approve](/approvals) <button>Approve once</button>',
  '<style>*{display:none}</style><a href="http://evil.example">x</a>',
].join(' | ')

export const FEATURES: readonly Feature[] = [
  {
    name: 'R284: signs out, and in again with the passkey',
    async run({ origin }, { ava: { page } }) {
      await page.goto(`${origin}/you`)
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
      await page.getByRole('heading', { name: 'Overview' }).waitFor()
    },
  },
  {
    name: 'R144 R033: reads what an act would do, hostile text and all, approves it, and the agent gets its result',
    async run(world, { ava: { page } }) {
      const answer = world.agent.callTool({ name: 'erp__createDraftPO', arguments: { ...DRAFT, notes: HOSTILE } })
      await open(world, page)
      await page.getByText(shownText(HOSTILE), { exact: true }).waitFor()
      const links = await page
        .locator('main a[href*="evil"], main a[href^="javascript"], main article button:has-text("Approve once")')
        .count()
      need(links === 0 || (await page.getByRole('button', { name: 'Approve once' }).count()) === 1, 'foreign text became something')
      need((await page.evaluate<boolean>('"hostile" in window')) === false, 'foreign text ran')
      need(await page.getByRole('button', { name: 'Approve once' }).isDisabled(), 'approving needs a reason')
      await page.getByLabel('Reason, for the record').fill('the supplier called')
      await page.getByRole('button', { name: 'Approve once' }).click()
      const { structuredContent } = await answer
      need(JSON.stringify(structuredContent ?? {}).includes('draft'), 'the agent did not get its result')
    },
  },
  {
    name: 'R145: rejects with the keyboard alone: J, Enter, Enter',
    async run(world, { ava: { page } }) {
      const answer = world.agent.callTool({ name: 'erp__createDraftPO', arguments: { ...DRAFT, amount: 101 } })
      await page.goto(`${world.origin}/approvals`)
      await page
        .getByRole('link', { name: /createDraftPO/ })
        .first()
        .waitFor()
      await page.keyboard.press('j')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Request for approval' }).waitFor()
      // The focus is on rejecting.
      await page.locator('button:focus', { hasText: 'Reject' }).waitFor()
      await page.keyboard.press('Enter')
      need(JSON.stringify(await answer).includes('approval_rejected'), 'the agent was not told that a person said no')
    },
  },
  {
    name: 'R267: sees acts live, filters in place, pauses',
    async run(world, { sam: { page } }) {
      await page.goto(`${world.origin}/live`)
      await page
        .getByRole('status')
        .getByText(/entries/)
        .waitFor()
      await world.agent.callTool({ name: 'erp__readPurchaseOrders', arguments: { department: 'facilities' } })
      await page.getByText('readPurchaseOrders').first().waitFor()
      await page.getByRole('button', { name: 'Pause' }).click()
      await page.getByLabel('Only what holds').fill('nothing holds this')
      await page.getByText('Nothing has been written').waitFor()
      need(page.url().includes('find='), 'the filter is not in the address')
      await page.reload()
      need((await page.getByLabel('Only what holds').inputValue()) === 'nothing holds this', 'the address does not hold the filter')
    },
  },
  {
    name: 'R255: asks why something was denied: reasons, what each rule said, what would change it',
    async run(world, { sam: { page } }) {
      await world.agent
        .callTool({ name: 'mail__sendExternal', arguments: { to: ['x@evil.example'], subject: 's', body: 'b' } })
        .catch(() => undefined)
      await page.goto(`${world.origin}/audit?effect=deny`)
      await page.getByRole('link', { name: /^\d+$/ }).last().click()
      await page.getByText('the manifest denies it by name').first().waitFor()
      await page.getByText('What each rule said').waitFor()
      await page.getByText('What would change it').first().waitFor()
      await page.getByText('The path it took').waitFor()
    },
  },
  {
    name: 'proves that an entry is in the log, and verifies all of it',
    async run(world, { sam: { page } }) {
      await page.goto(`${world.origin}/decisions/3`)
      await page.getByRole('button', { name: 'Prove that this is in the log' }).click()
      await page.getByText('c2sp.org/tlog-proof').waitFor()
      await page.goto(`${world.origin}/audit`)
      await page.getByRole('button', { name: 'Verify the log' }).click()
      await page.getByText(/^holds: \d+ entries$/).waitFor()
    },
  },
  {
    name: 'R010 R036: sees everything an agent can reach, and what it never used',
    async run(world, { sam: { page } }) {
      await page.goto(`${world.origin}/agents/${AGENT}`)
      await page.getByRole('region', { name: 'reach' }).getByText('mail.sendInternal').waitFor()
      await page.getByRole('region', { name: 'reach' }).getByText('amount ≤ 5000').waitFor()
      await page.getByText('Granted, not used').waitFor()
      await page.getByText(/entries read/).waitFor()
    },
  },
  {
    name: 'R043: signs a changed manifest with the passkey, in the role of security alone',
    async run(world, { sam: { page } }) {
      const file = join(world.company.home.manifestsDir, `${AGENT}.yaml`)
      const text = await readFile(file, 'utf8')
      await writeFile(file, text.replace('maximum: 5000', 'maximum: 6000'))
      await page.goto(`${world.origin}/agents/${AGENT}`)
      await page.getByText('not signed').waitFor()
      need((await page.getByRole('button', { name: 'Sign as engineer' }).count()) === 0, 'security may sign for engineering')
      await page.getByRole('button', { name: 'Sign as security' }).click()
      await page.getByLabel('Reason, for the record').fill('six thousand is fine')
      await page.getByRole('button', { name: 'Sign with the passkey' }).click()
      await page.getByText(/sam as security/).waitFor()
      await page.getByText('You signed this version').waitFor()
    },
  },
  {
    name: 'replays a changed manifest over what the agent did: what it would block',
    async run(world, { sam: { page } }) {
      await page.goto(`${world.origin}/agents/${AGENT}`)
      await page.getByText('Edit the manifest and see').click()
      const text = page.getByLabel('The manifest, as YAML or JSON')
      await text.fill((await text.inputValue()).replace('"denied": [', '"denied": ["erp.readPurchaseOrders", '))
      await page.getByRole('button', { name: 'Replay' }).click()
      const row = page.getByRole('region', { name: 'replay' }).getByRole('row', { name: /readPurchaseOrders/ })
      await row.getByText('deny').waitFor()
      need((await row.innerText()).includes('the manifest denies it by name'), 'the reason is not there')
    },
  },
  {
    name: 'R267: sees a session in time, from the decision page',
    async run(world, { sam: { page } }) {
      await page.goto(`${world.origin}/audit?effect=deny`)
      await page.getByRole('link', { name: /^\d+$/ }).last().click()
      await page.getByRole('link', { name: 'The whole session, in time' }).click()
      await page
        .getByRole('region', { name: 'session' })
        .getByRole('row', { name: /readPurchaseOrders/ })
        .first()
        .waitFor()
    },
  },
  {
    name: 'saves a view with its filter, and comes back to it with Ctrl-K',
    async run(world, { sam: { page } }) {
      await page.goto(`${world.origin}/audit?effect=deny`)
      await page.getByRole('region', { name: 'entries' }).waitFor()
      await page.keyboard.press('Control+k')
      await page.getByPlaceholder(/A page, an agent/).fill('save what was denied')
      await page.getByRole('option', { name: 'Save this view as what was denied' }).click()
      await page.goto(world.origin)
      await page.getByRole('heading', { name: 'Overview' }).waitFor()
      await page.keyboard.press('Control+k')
      await page.getByPlaceholder(/A page, an agent/).fill('what was denied')
      await page.getByRole('option', { name: 'View what was denied' }).click()
      await page.getByRole('region', { name: 'entries' }).waitFor()
      need(page.url().endsWith('/audit?effect=deny'), 'the filter is not in the address')
    },
  },
  {
    name: 'R010: sees where the data of an agent goes',
    async run(world, { sam: { page } }) {
      await page.goto(`${world.origin}/agents/${AGENT}/graph`)
      await page.getByRole('button', { name: /^tool erp\.createDraftPO/ }).press('Enter')
      await page
        .getByRole('region', { name: 'ways' })
        .getByRole('row', { name: /createDraftPO/ })
        .first()
        .waitFor()
    },
  },
  {
    name: 'R267: connects a client, and sees its first request as it comes',
    async run(world, { sam: { page } }) {
      await page.goto(`${world.origin}/setup?agent=${AGENT}`)
      await page.getByText('Waiting for a request').waitFor()
      await page.waitForTimeout(1_000)
      await world.agent.callTool({ name: 'erp__readPurchaseOrders', arguments: { department: 'facilities' } })
      await page.getByText('first request seen').waitFor()
    },
  },
  {
    name: 'R041: looks at what servers offer and what was reviewed',
    async run(world, { sam: { page } }) {
      await page.goto(`${world.origin}/tools`)
      await page.getByRole('link', { name: 'erp.payInvoice' }).click()
      await page.getByText('approved').first().waitFor()
      await page.getByText('What changed since the review').waitFor()
    },
  },
  {
    name: 'R284: registers somebody with the passkey, makes their link, disables them',
    async run(world, { sam: { page } }) {
      await page.goto(`${world.origin}/people`)
      await page.getByLabel('Name, in small letters').fill('kim')
      await page.getByLabel('analyst').check()
      await page.getByRole('button', { name: 'Register' }).click()
      const row = page.getByRole('row', { name: /^kim/ })
      await row.getByRole('button', { name: 'Link to enrol' }).click()
      await row.getByText(/enrol#/).waitFor()
      await row.getByRole('button', { name: 'Disable' }).click()
      await page.getByLabel('Reason, for the record').fill('was an example')
      await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
      await row.getByText('disabled').waitFor()
    },
  },
  {
    name: 'goes anywhere with Ctrl-K',
    async run(world, { sam: { page } }) {
      await page.goto(world.origin)
      await page.getByRole('heading', { name: 'Overview' }).waitFor()
      await page.keyboard.press('Control+k')
      await page.getByPlaceholder(/A page, an agent/).fill('procure')
      await page.getByRole('option', { name: AGENT }).waitFor()
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: AGENT }).waitFor()
    },
  },
  {
    name: 'R284: an approver sees no audit, and is told why',
    async run(world, { ava: { page } }) {
      await page.goto(`${world.origin}/audit`)
      await page.getByRole('alert').getByText('audit.search needs one of the roles').waitFor()
      need((await page.getByRole('link', { name: 'Audit' }).count()) === 0, 'the page is in the navigation')
    },
  },
  {
    name: 'takes a table away as CSV',
    async run(world, { sam: { page } }) {
      await page.goto(`${world.origin}/agents`)
      const download = page.waitForEvent('download')
      await page.getByRole('button', { name: 'Export CSV' }).click()
      const stream = await (await download).createReadStream()
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk as Buffer)
      need(Buffer.concat(chunks).toString('utf8').includes(AGENT), 'the file does not hold the table')
    },
  },
]

/** Opens the one request that waits. */
async function open({ origin }: ConsoleWorld, page: Page): Promise<void> {
  await page.goto(`${origin}/approvals`)
  await page
    .getByRole('link', { name: /createDraftPO/ })
    .first()
    .click()
  await page.getByRole('heading', { name: 'Request for approval' }).waitFor()
}

function need(holds: boolean, what: string): void {
  if (!holds) throw new Error(what)
}
