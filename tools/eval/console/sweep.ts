import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { axeOn } from '../../console/person.ts'
import { AGENT, type ConsoleWorld } from './world.ts'

export const ROUTES = [
  '/',
  '/approvals?all=true',
  '/live',
  '/decisions/3',
  '/agents',
  `/agents/${AGENT}`,
  `/agents/${AGENT}/graph`,
  '/tools',
  '/tools/erp/payInvoice',
  '/audit',
  '/people',
  '/setup',
  '/you',
] as const
export const THEMES = ['light', 'dark', 'contrast'] as const

const PHONE_PX = 390
const QUIET_MS_MAX = 1_500

export interface Swept {
  readonly looks: number
  /** What WCAG 2.2 AA does not allow, by route and theme. */
  readonly violations: readonly string[]
  /** Routes wider than a phone. */
  readonly tooWide: readonly string[]
}

/** Every page in every theme, large and on a phone: rules of axe-core, width, a picture. */
export async function sweep(
  world: ConsoleWorld,
  page: Page,
  { pictures, themes }: { pictures: string; themes: readonly string[] },
): Promise<Swept> {
  await mkdir(pictures, { recursive: true })
  const violations: string[] = []
  const tooWide: string[] = []
  let looks = 0
  for (const theme of themes) {
    await page.evaluate((name) => localStorage.setItem('sallyport.prefs', JSON.stringify({ theme: name, utc: true })), theme)
    for (const route of ROUTES) {
      await page.setViewportSize({ width: 1_280, height: 844 })
      await page.goto(world.origin + route)
      await page.getByRole('heading', { level: 1 }).waitFor()
      // Live pages never fall silent.
      await page.waitForLoadState('networkidle', { timeout: QUIET_MS_MAX }).catch(() => undefined)
      for (const width of [1_280, PHONE_PX]) {
        await page.setViewportSize({ width, height: 844 })
        looks++
        const name = `${route === '/' ? 'overview' : route.slice(1).replaceAll(/[/?=]/g, '-')}-${theme}-${width}`
        await page.screenshot({ path: join(pictures, `${name}.png`) })
        if (width === PHONE_PX && (await page.evaluate<number>('document.documentElement.scrollWidth')) > width) tooWide.push(name)
        for (const found of await axeOn(page)) violations.push(`${name}: ${found}`)
      }
    }
  }
  await page.setViewportSize({ width: 1_280, height: 900 })
  return { looks, violations, tooWide }
}
