import { statSync } from 'node:fs'
import { agentClient } from '../../../packages/gateway/src/fixtures/agent-client.ts'
import { AGENT, type Company, openCompany, TASK } from './company.ts'
import { callRefused } from './fail-log.ts'
import { type GatewayProcess, spawnGateway } from './gateway-child.ts'
import { nothingSeen, type Seen, startLoad } from './load.ts'
import { type Reconciled, reconcile } from './reconcile.ts'
import type { Random } from './seeded.ts'

const CALLERS = 32
/** Enough to fill any of the limits below. */
const CALLS_MAX = 2_000
const CALLS_AFTER = 10
/** Room left beyond the size of the state's file, for files of the log: less than a full bundle of entries takes. */
const ROOM_BYTES_MIN = 8_192
const ROOM_BYTES_MAX = 229_376

export interface FullDiskFigures extends Reconciled {
  readonly rounds: number
  /** Rounds in which the limit was reached and calls were refused for it. */
  readonly filled: number
  /** Rounds in which the newest file was over the limit already, so that the gateway did not start. */
  readonly refusedStarts: number
  readonly notRefused: number
  readonly actsAfter: number
  readonly callsAnswered: number
  readonly unexpected: readonly string[]
}

/**
 * The gateway as a process whose files cannot grow any more, as on a full disk: the system cuts the write off and fails it. Each
 * round ends with a start without the limit.
 */
export async function fillDisk({ rounds, random }: { readonly rounds: number; readonly random: Random }): Promise<FullDiskFigures> {
  const company = await openCompany()
  const seen = nothingSeen()
  const sum = { filled: 0, refusedStarts: 0, notRefused: 0, actsAfter: 0 }
  try {
    for (let round = 1; round <= rounds; round++) {
      const unavailable = seen.unavailable
      const room = ROOM_BYTES_MIN + random(ROOM_BYTES_MAX - ROOM_BYTES_MIN)
      const full = spawnGateway(company.home.dir, { fileBytesMax: statSync(company.home.stateFile).size + room })
      const after = await run(company, full, { seen, name: `full-${round}`, callsMax: CALLS_MAX }).catch(refusedStart)
      sum.filled += seen.unavailable > unavailable ? 1 : 0
      sum.refusedStarts += after === 'refused start' ? 1 : 0
      if (after === 'refused start') continue
      sum.notRefused += after.notRefused
      sum.actsAfter += after.actsAfter
      await run(company, spawnGateway(company.home.dir), { seen, name: `space-${round}`, callsMax: CALLS_AFTER })
    }
    const { answered, unexpected } = seen
    return {
      ...(await reconcile(company.home, { answered, acts: company.acts() })),
      ...sum,
      rounds,
      callsAnswered: answered.length,
      unexpected,
    }
  } finally {
    await company.close()
  }
}

interface Load {
  readonly seen: Seen
  readonly name: string
  readonly callsMax: number
}

async function run(
  company: Company,
  gateway: GatewayProcess,
  { seen, name, callsMax }: Load,
): Promise<{ notRefused: number; actsAfter: number }> {
  try {
    const agent = agentClient(await gateway.url(), AGENT, company.secret(AGENT, TASK))
    const unavailable = seen.unavailable
    await startLoad({ agent, callers: CALLERS, name, limitedCalls: 0, callsMax }, seen).stop()
    return seen.unavailable > unavailable ? await callRefused(company, agent, name) : { notRefused: 0, actsAfter: 0 }
  } finally {
    await gateway.stop()
  }
}

/** A gateway that says why it does not run is right; anything else is a failure of the evaluation. */
function refusedStart(error: unknown): 'refused start' {
  if (error instanceof Error && /^the gateway ended with 3: error (?:AUDIT|STORE)_UNAVAILABLE/m.test(error.message))
    return 'refused start'
  throw error
}
