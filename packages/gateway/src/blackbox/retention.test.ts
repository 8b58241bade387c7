import type { KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Json, JsonObject } from '@sallyport/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callControl, signRequest } from '../control/index.ts'
import { govern, type Governed } from '../fixtures/govern.ts'
import { startGateway, type Gateway } from '../gateway.ts'

const DAY_MS = 86_400_000

let world: Governed
let gateway: Gateway
/** How far the gateway's clock is ahead. */
let aheadMs = 0
const nowMs = (): number => Date.now() + aheadMs

beforeAll(async () => {
  world = await govern({ servers: {}, agents: {}, start: false })
  gateway = await startGateway({ homeDir: world.home.dir, log: () => undefined, nowMs })
})
afterAll(async () => {
  await gateway?.close()
  await world?.close()
})

async function ask(user: string, verb: string, input: Json = {}): Promise<JsonObject> {
  const answer = await callControl(
    world.home.controlSocket,
    signRequest({ verb, input, user }, world.people[user] as KeyObject, nowMs()),
  )
  if (!answer?.ok) throw Object.assign(new Error(answer?.message ?? 'no gateway runs'), { code: answer?.code })
  return answer.output as JsonObject
}

test(
  'R132 R116 R229: a gateway keeps what must be kept, lets the rest go after seven years, and its log still verifies',
  { timeout: 120_000 },
  async () => {
    for (let i = 0; i < 600; i++) await ask('bob', 'user.list')
    expect(await ask('bob', 'retention.plan')).toMatchObject({
      from: 0,
      to: 0,
      stoppedBy: { index: 0, why: expect.stringContaining('kept until') },
    })
    await expect(ask('bob', 'retention.run', { to: 256 })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('before it expires'),
    })
    expect(await ask('bob', 'retention.run')).toMatchObject({ from: 0, to: 0 })

    aheadMs = 2_558 * DAY_MS
    const scope = { fromIndex: 300, toIndex: 303 }
    const { id } = await ask('bob', 'hold.open', {
      matter: 'm',
      authority: 'court',
      ground: '17(3)(e)',
      scope,
      reviewMs: nowMs() + DAY_MS,
      reason: 'ordered',
    })
    expect(await ask('alice', 'retention.plan')).toMatchObject({ to: 256, stoppedBy: { index: 300 } })
    await expect(ask('bob', 'hold.approve', { id: id as string, reason: 'mine' })).rejects.toMatchObject({
      code: 'IDENTITY_FORBIDDEN',
    })
    await ask('alice', 'hold.approve', { id: id as string, reason: 'seen' })
    expect(await ask('bob', 'retention.run')).toMatchObject({ from: 0, to: 512, setAside: 3 })
    expect(existsSync(join(world.home.dir, 'holds', id as string, '301.tlog-proof'))).toBe(true)
    expect(await ask('bob', 'audit.verify')).toMatchObject({ ok: true })
    await expect(ask('bob', 'audit.read', { index: 10, purpose: 'test' })).rejects.toMatchObject({ code: 'NOT_FOUND' })

    // The pruned log opens again, is followed again, and says what happened to it.
    await gateway.close()
    gateway = await startGateway({ homeDir: world.home.dir, log: () => undefined, nowMs })
    expect(await ask('bob', 'audit.verify')).toMatchObject({ ok: true })
    const pruned = (await world.entries()).filter((entry) => entry.type === 'admin' && entry.verb === 'log.pruned')
    expect(pruned).toMatchObject([{ target: '512', detail: { from: 0, to: 512, authority: 'retention.run by bob' } }])
    const gaps = (await world.entries()).filter(
      (entry) => entry.type === 'admin' && entry.verb === 'log.gap' && entry.detail['kind'] === 'index',
    )
    expect(gaps).toEqual([])
  },
)
