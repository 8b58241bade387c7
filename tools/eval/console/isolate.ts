import type { Person } from '../../console/person.ts'
import { AGENT, type ConsoleWorld } from './world.ts'

const TRIES_MAX = 1_000

/**
 * R178: isolates the agent from its page while it keeps calling; milliseconds from the click to the start of the last call that
 * was still answered.
 */
export async function isolateMs({ origin, agent }: ConsoleWorld, { page }: Person): Promise<number> {
  await page.goto(`${origin}/agents/${AGENT}`)
  await page.getByRole('button', { name: 'Isolate now' }).click()
  await page.getByLabel('Reason, for the record').fill('a measurement')
  let clickedMs = Number.POSITIVE_INFINITY
  let lastMs = 0
  const calling = (async (): Promise<void> => {
    for (let i = 0; i < TRIES_MAX; i++) {
      const startMs = performance.now()
      const answer = await agent
        .callTool({ name: 'erp__readPurchaseOrders', arguments: { department: 'facilities' } })
        .catch(() => undefined)
      if (!answer || answer.isError === true) return
      lastMs = startMs
    }
    throw new Error('the agent was not stopped')
  })()
  await page.waitForTimeout(200)
  clickedMs = performance.now()
  await page.getByRole('dialog').getByRole('button', { name: 'Isolate now' }).click()
  await calling
  await page.getByText('Isolated since').waitFor()
  return Math.max(0, lastMs - clickedMs)
}
