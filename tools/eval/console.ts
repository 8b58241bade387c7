import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atMost, exactly, type Measured, type Program, type RunOptions } from '../report.ts'
import { FEATURES, type People } from './console/features.ts'
import { isolateMs } from './console/isolate.ts'
import { ROUTES, sweep, THEMES } from './console/sweep.ts'
import { type ConsoleWorld, openConsoleWorld } from './console/world.ts'

const ISOLATE_MS_MAX = 1_000

/** The console in a real browser, on the running product with real traffic. */
export const console: Program = {
  about:
    'the console in Chromium on the running product: every feature as a person would use it, WCAG, phone, themes, strict policy',
  async run(options) {
    const world = await openConsoleWorld()
    try {
      return await measure(world, options)
    } finally {
      await world.close()
    }
  },
}

async function measure(world: ConsoleWorld, { note, short }: RunOptions): Promise<Measured> {
  const people: People = { ava: await world.enrol('ava', ['approver']), sam: await world.enrol('sam', ['security', 'owner']) }
  const failed: string[] = []
  for (const { name, run } of FEATURES) {
    const problem = await run(world, people).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message.split('\n', 1)[0] : 'unknown'),
    )
    note(`${problem === undefined ? 'ok     ' : 'FAILED '} ${name}${problem === undefined ? '' : `: ${problem}`}`)
    if (problem !== undefined) failed.push(name)
  }
  const pictures = mkdtempSync(join(tmpdir(), 'sallyport-console-'))
  note(`pictures of every page go to ${pictures}`)
  const { looks, violations, tooWide } = await sweep(world, people.sam.page, {
    pictures,
    themes: short ? THEMES.slice(0, 1) : THEMES,
  })
  const trouble = [people.ava, people.sam].flatMap((person) => person.trouble)
  for (const one of [...violations, ...tooWide, ...trouble]) note(one)
  const isolated = await isolateMs(world, people.sam)
  const policy = trouble.filter((one) => /Content Security Policy|requires 'Trusted/.test(one))
  const foreign = trouble.filter((one) => one.startsWith('asked '))
  const errors = trouble.filter((one) => !policy.includes(one) && !foreign.includes(one))
  return {
    figures: {
      features: FEATURES.length,
      failed,
      routes: ROUTES.length,
      themes: THEMES.length,
      looks,
      violations,
      tooWide,
      errors,
    },
    targets: {
      featuresHeld: exactly(FEATURES.length - failed.length, FEATURES.length),
      axeViolations: exactly(violations.length, 0),
      tooWideFor390Px: exactly(tooWide.length, 0),
      policyViolations: exactly(policy.length, 0),
      pageErrors: exactly(errors.length, 0),
      foreignRequests: exactly(foreign.length, 0),
      isolateToRefusedMs: atMost(Math.round(isolated), ISOLATE_MS_MAX, ' ms'),
    },
  }
}
