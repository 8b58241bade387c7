import type { Json, JsonObject } from '@sallyport/core'
import { atMost, type Measured } from '../../report.ts'
import { prefixed, quantiles } from '../audit/load.ts'
import { agentOf, sessionOf } from './long-past.ts'
import type { ConsoleStage } from './stage.ts'

const PAGE = 100
const ROUNDS = 30
const WARM = 3
/** A filter that takes so long is not asked as often. */
const FILTER_MS_MAX = 20_000
const TARGET_MS = 300

/** First pages as the audit page asks for them: what is common, and what stands in one place of a long log or nowhere. */
export async function measureSearches(stage: ConsoleStage, entries: number, note: (line: string) => void): Promise<Measured> {
  const middle = Math.floor(entries / 2)
  const common: Json[] = [{}, { effect: 'deny' }, { agent: agentOf(middle) }, { tool: 'erp.tool7' }]
  const rare: Json[] = [{ session: sessionOf(middle) }, { user: 'nobody-of-this-name' }]
  const figures: Record<string, number> = {}
  for (const [name, queries] of Object.entries({ search: common, searchRare: rare })) {
    const waitsMs: number[] = []
    for (const query of queries) {
      note(`search ${JSON.stringify(query)}`)
      waitsMs.push(...(await waitsOf(stage, query)))
    }
    Object.assign(figures, prefixed(name, quantiles(waitsMs)))
  }
  return { figures, targets: { searchP50Ms: atMost(figures['searchP50Ms'] ?? Infinity, TARGET_MS, ' ms') } }
}

async function waitsOf({ ask }: ConsoleStage, query: Json): Promise<number[]> {
  const waitsMs: number[] = []
  const beganMs = performance.now()
  for (let round = -WARM; round < ROUNDS && (waitsMs.length === 0 || performance.now() - beganMs < FILTER_MS_MAX); round++) {
    const startMs = performance.now()
    await firstPage(ask, query as JsonObject)
    if (round >= 0 || performance.now() - beganMs > FILTER_MS_MAX) waitsMs.push(performance.now() - startMs)
  }
  return waitsMs
}

/** As the audit page looks: on from where the last look ended, until something is found or the log is over. */
async function firstPage(ask: ConsoleStage['ask'], query: JsonObject): Promise<void> {
  for (let from: Json | undefined = 0; from !== undefined;) {
    const body: Json = { query: { ...query, from }, limit: PAGE, firstPage: true, purpose: 'looking through the log' }
    const { entries, next } = (await ask('/audit/search', body)) as { readonly entries: Json[]; readonly next?: number }
    from = entries.length > 0 ? undefined : next
  }
}
