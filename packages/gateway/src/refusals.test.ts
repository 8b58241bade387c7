import { GatewayError, type Principal } from '@sallyport/core'
import { expect, test } from 'vitest'
import { fixedClock, memoryLog } from './fixtures/world.ts'
import { openRefusals } from './refusals.ts'

const error = new GatewayError('IDENTITY_INVALID', 'the credential is unknown')
const principal: Principal = { agent: 'buyer', credential: 'k1', method: 'agent_key', session: 's', epoch: 0 }

test('R035: callers nobody knows are recorded up to a rate; the rest is counted in the next entry', async () => {
  const clock = fixedClock()
  const log = memoryLog(clock.nowMs)
  const refusals = openRefusals(log, clock.nowMs)
  for (let at = 0; at < 250; at++) await refusals.record({ error, claims: {} })
  expect(log.entries).toHaveLength(200)
  clock.advance(1_000)
  for (let at = 0; at < 30; at++) await refusals.record({ error, claims: {} })
  expect(log.entries).toHaveLength(220)
  expect(log.entries[200]).toMatchObject({
    type: 'refusal',
    actor: { type: 'unverified', id: 'unknown' },
    code: 'IDENTITY_INVALID',
    suppressed: 50,
  })
  expect(log.entries[201]).not.toHaveProperty('suppressed')
})

test('a known caller is always recorded, and by name', async () => {
  const log = memoryLog()
  const refusals = openRefusals(log, () => 0)
  for (let at = 0; at < 300; at++) await refusals.record({ error, principal, claims: {} })
  expect(log.entries).toHaveLength(300)
  expect(log.entries[0]).toMatchObject({ actor: { type: 'agent', id: 'buyer', credential: 'k1', method: 'agent_key' } })
})

test('a clock set back does not silence the record', async () => {
  const clock = fixedClock()
  const log = memoryLog(clock.nowMs)
  const refusals = openRefusals(log, clock.nowMs)
  clock.advance(-3_600_000)
  await refusals.record({ error, claims: {} })
  clock.advance(60_000)
  await refusals.record({ error, claims: {} })
  expect(log.entries).toHaveLength(2)
})

test('what a caller claims is cut and made well-formed', async () => {
  const log = memoryLog()
  await openRefusals(log, () => 0).record({ error, claims: { path: `${'x'.repeat(199)}\ud83d\ude00`, other: '\ud800' } })
  expect(log.entries[0]).toMatchObject({ claims: { path: `${'x'.repeat(199)}\ufffd`, other: '\ufffd' } })
})

test('a refusal the log cannot take is an error, and what was counted is not lost', async () => {
  const clock = fixedClock()
  const log = memoryLog(clock.nowMs)
  const refusals = openRefusals(log, clock.nowMs)
  for (let at = 0; at < 205; at++) await refusals.record({ error, claims: {} })
  log.fail = true
  clock.advance(1_000)
  await expect(refusals.record({ error, claims: {} })).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
  log.fail = false
  await refusals.record({ error, claims: {} })
  expect(log.entries.at(-1)).toMatchObject({ suppressed: 5 })
})
