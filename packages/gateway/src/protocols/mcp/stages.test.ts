import {
  compileManifest,
  GatewayError,
  Manifest,
  type Action,
  type CompiledManifest,
  type Facts,
  type Performing,
  type Principal,
} from '@sallyport/core'
import { expect, test, vi } from 'vitest'
import { type Budgets, type Draw, isDraw, type Reservation } from '../../budgets.ts'
import { hosts } from '../../hosts.ts'
import type { McpRequest } from './request.ts'
import { openStages, type StageDeps } from './stages.ts'

const principal: Principal = { agent: 'buyer', credential: 'k', method: 'agent_key', task: 'work', session: 's', epoch: 0 }
const action: Action = { kind: 'resource.read', server: 'erp', name: 'file:///a', args: {}, digest: 'd' }

function manifest(callsMax: number, version = 1): CompiledManifest {
  const parsed = Manifest.parse({
    apiVersion: 'sallyport/v1',
    agent: 'buyer',
    owner: 'o',
    purpose: 'p',
    defaults: { rateLimit: { callsMax, windowMs: 60_000 } },
    tasks: { work: { resources: { 'erp.file:///a': {} } } },
  })
  return compileManifest(
    { manifest: parsed, hash: `${callsMax}`.padStart(64, '0'), version, signed: true },
    { compileSchema: () => () => undefined, hosts },
  )
}

/** Budgets that answer when told to, and write down what is asked of them. */
function world(): {
  reserve(wouldAllow?: () => boolean): Facts | Promise<Facts>
  answers: ((taken: Reservation) => void)[]
  asked: (readonly Draw[])[]
  refunds: unknown[]
  now: { manifest: CompiledManifest; isolated: boolean; ms: number; isStale: boolean }
} {
  const answers: ((taken: Reservation) => void)[] = []
  const asked: (readonly Draw[])[] = []
  const refunds: unknown[] = []
  const now = { manifest: manifest(5), isolated: false, ms: 1_000, isStale: false }
  const budgets: Budgets = {
    reserve: (draws, _nowMs, isWanted) => {
      if (!isWanted()) return { reserved: true, keys: [] }
      asked.push(draws.filter(isDraw))
      return new Promise((resolve) => answers.push(resolve))
    },
    peek: () => ({ reserved: true, keys: [] }),
    refund: (keys, atMs) => refunds.push({ keys, atMs }),
    adjust: () => undefined,
  }
  const stages = openStages({
    unwitnessed: () => undefined,
    guard: { facts: () => undefined },
    approvals: { facts: () => undefined },
    budgets,
    manifest: () => now.manifest,
    isolation: () => {
      if (now.isStale) throw new GatewayError('STORE_STALE', 'not known')
      return { isolated: now.isolated, epoch: now.isolated ? 1 : 0 }
    },
    nowMs: () => now.ms,
  } as unknown as StageDeps)
  const gathered = { nowMs: 1_000, manifest: now.manifest, isolation: { isolated: false, epoch: 0 } }
  return {
    reserve: (wouldAllow = () => true) => stages.reserve(principal, action, gathered, wouldAllow),
    answers,
    asked,
    refunds,
    now,
  }
}

const taken: Reservation = { reserved: true, keys: ['agent:buyer'], atMs: 7.001 }

test('R020: after waiting for a budget the facts are read again', async () => {
  const { reserve, answers, now } = world()
  const facts = reserve()
  Object.assign(now, { isolated: true, ms: 2_000 })
  answers[0]?.(taken)
  expect(await facts).toMatchObject({ nowMs: 2_000, isolation: { isolated: true, epoch: 1 }, budget: taken })
})

test('R020: limits that changed during the wait are the ones that count: the calls are given back and taken under them', async () => {
  const { reserve, answers, asked, refunds, now } = world()
  const facts = reserve()
  now.manifest = manifest(2, 2)
  answers[0]?.(taken)
  await expect.poll(() => asked.length).toBe(2)
  expect(refunds).toEqual([{ keys: ['agent:buyer'], atMs: 7.001 }])
  expect(asked.map((draws) => draws[0]?.callsMax)).toEqual([5, 2])
  answers[1]?.({ reserved: false, keys: ['agent:buyer'] })
  expect(await facts).toMatchObject({ manifest: { version: 2 }, budget: { reserved: false } })
})

test('R020: what was taken is given back when nothing can be known any more after the wait', async () => {
  const { reserve, answers, refunds, now } = world()
  const facts = reserve()
  now.isStale = true
  answers[0]?.(taken)
  await expect(facts).rejects.toMatchObject({ code: 'STORE_STALE' })
  expect(refunds).toEqual([{ keys: ['agent:buyer'], atMs: 7.001 }])
})

test('R020: an act that is refused anyway is decided at once, and takes nothing', () => {
  const { reserve, asked } = world()
  expect(reserve(() => false)).toMatchObject({ nowMs: 1_000, budget: { keys: [] } })
  expect(asked).toEqual([])
})

test('R180 R182: an agent that was isolated while its decision was being recorded, or whose standing is not known any more, does nothing', async () => {
  let standing = { isolated: false, epoch: 0 }
  const isolation = vi.fn<() => { isolated: boolean; epoch: number }>(() => standing)
  const stages = openStages({
    isolation,
    unwitnessed: () => undefined,
    guard: { facts: () => undefined },
    approvals: { facts: () => undefined },
    nowMs: () => 0,
    manifest: () => undefined,
    hello: () => ({ hello: 'there' }),
  } as unknown as StageDeps)
  const request = { agent: 'buyer', principal } as unknown as McpRequest
  const allowed = { principal, decision: { obligations: [] } } as unknown as Performing
  const open: Action = { kind: 'session.open', args: {}, digest: 'd' }
  expect(await stages.act(request, open, allowed)).toMatchObject({ status: 'success' })
  standing = { isolated: true, epoch: 1 }
  await expect(stages.act(request, open, allowed)).rejects.toMatchObject({ code: 'REQUEST_CANCELLED' })
  isolation.mockImplementation(() => {
    throw new GatewayError('STORE_STALE', 'not known')
  })
  await expect(stages.act(request, open, allowed)).rejects.toMatchObject({ code: 'STORE_STALE' })
  await expect(stages.gather(principal, open)).rejects.toMatchObject({ code: 'STORE_STALE' })
})
