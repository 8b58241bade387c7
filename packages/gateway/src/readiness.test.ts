import { GatewayError, type EntryBody } from '@sallyport/core'
import { expect, test } from 'vitest'
import { openReadiness } from './readiness.ts'

const body = {} as EntryBody

test('R014: a gateway is ready while its state is fresh and its log takes entries', async () => {
  const world = { ms: 0, isFresh: true, isWritable: true }
  const { audit, isReady } = openReadiness({
    state: {
      requireFresh: () => {
        if (!world.isFresh) throw new GatewayError('STORE_STALE', 'old')
      },
    },
    audit: {
      append: async () => {
        if (!world.isWritable) throw new GatewayError('AUDIT_UNAVAILABLE', 'gone')
        return 7
      },
    },
    monotonicMs: () => world.ms,
  })
  expect(isReady()).toBe(true)
  world.isFresh = false
  expect(isReady()).toBe(false)
  world.isFresh = true
  world.isWritable = false
  await expect(audit.append(body)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
  expect(isReady()).toBe(false)
  world.ms = 5_000
  expect(isReady()).toBe(true)
  await expect(audit.append(body)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
  expect(isReady()).toBe(false)
  world.isWritable = true
  expect(await audit.append(body)).toBe(7)
  expect(isReady()).toBe(true)
})

test('R014: an entry that the log refuses for what it is says nothing about the log; a log that was changed is not tried again', async () => {
  let ms = 0
  let failure: GatewayError | undefined
  const { audit, isReady } = openReadiness({
    state: { requireFresh: () => undefined },
    audit: { append: () => (failure ? Promise.reject(failure) : Promise.resolve(1)) },
    monotonicMs: () => ms,
  })
  for (const code of ['AUDIT_ENTRY_TOO_LARGE', 'CONFLICT'] as const) {
    failure = new GatewayError(code, 'not this one')
    await expect(audit.append(body)).rejects.toBe(failure)
    expect(isReady()).toBe(true)
  }
  failure = new GatewayError('AUDIT_INVALID', 'changed')
  await expect(audit.append(body)).rejects.toBe(failure)
  ms = 3_600_000
  expect(isReady()).toBe(false)
})
