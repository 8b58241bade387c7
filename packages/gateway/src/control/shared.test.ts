import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import type { Json } from '@sallyport/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rawPublicKey } from '../ed25519.ts'
import { newAuthenticator } from '../fixtures/authenticator.ts'
import { sharedStore, type SharedStore } from '../fixtures/shared-store.ts'
import { CONFIG, output, SITE, type Answer } from '../fixtures/sign-in-world.ts'
import { memoryLog } from '../fixtures/world.ts'
import { openState, type State } from '../state.ts'
import { openControl, signRequest, type Control, type ControlDeps } from './index.ts'

const alice = generateKeyPairSync('ed25519').privateKey
let store: SharedStore
let states: State[]
let log: ReturnType<typeof memoryLog>
let controls: readonly [Control, Control]

beforeEach(async () => {
  store = sharedStore()
  states = [await openState(store), await openState(store)]
  log = memoryLog(Date.now)
  const publicKey = Buffer.from(rawPublicKey(alice)).toString('base64')
  const user = {
    id: 'alice',
    roles: ['owner' as const, 'security' as const],
    attributes: {},
    publicKey,
    createdMs: 0,
    createdBy: 'test',
  }
  await states[0]?.transact([{ op: 'insert', kind: 'user', value: user }])
  const isolated = () => undefined
  const open = (state: State | undefined) =>
    openControl({
      state,
      audit: log,
      nowMs: Date.now,
      randomBytes,
      onIsolate: isolated,
      console: () => CONFIG,
      home: { deriveKey: () => new Uint8Array(32).fill(7) },
    } as unknown as ControlDeps)
  controls = [open(states[0]), open(states[1])]
})
afterEach(async () => {
  await Promise.all(states.map((state) => state.close()))
})

const request = (verb: string, input: Json, key: KeyObject = alice) => signRequest({ verb, input, user: 'alice' }, key, Date.now())
const done = (verb: string) =>
  log.entries.filter((entry) => entry.type === 'admin' && entry.verb === verb && entry.outcome === 'done')

test('R016 R293: of two gateways that register one agent, one does', async () => {
  const answers = await Promise.all(controls.map((control) => control.call(request('agent.create', { agent: 'a' }))))
  expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
  expect(answers.find(({ ok }) => !ok)).toMatchObject({ code: 'CONFLICT' })
  await states[1]?.refresh()
  expect(states[1]?.keys('a')).toHaveLength(1)
})

test('R178 R293: what two people want at once both happens, each planned on what the other did', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const answers = await Promise.all(names.map((agent, i) => controls[i % 2]?.call(request('agent.create', { agent }))))
  expect(answers.every((answer) => answer?.ok)).toBe(true)
  await Promise.all(states.map((state) => state.refresh()))
  for (const state of states) expect(state.agents().map(({ id }) => id)).toEqual(names)
  const isolations = await Promise.all(controls.map((control) => control.call(request('isolate', { agent: 'a', reason: 'drill' }))))
  expect(isolations.filter(({ ok }) => ok)).toHaveLength(1)
  expect(states[0]?.agent('a')?.epoch).toBe(1)
  expect(done('isolate')).toHaveLength(1)
})

test('a plan that is overtaken while it is being recorded is not applied, and the record says so', async () => {
  const { append } = log
  let isFirst = true
  log.append = (body) => {
    if (isFirst) store.plant('agent', 'other', { id: 'other', epoch: 0, epochMs: 0, createdMs: 1, createdBy: 'x' })
    isFirst = false
    return append(body)
  }
  expect(await controls[0].call(request('agent.create', { agent: 'a' }))).toMatchObject({ ok: true })
  const outcomes = log.entries.map((entry) => (entry.type === 'admin' ? [entry.outcome, entry.code] : []))
  expect(outcomes).toEqual([
    ['done', undefined],
    ['refused', 'STORE_MOVED'],
    ['done', undefined],
  ])
  expect(states[0]?.keys('a')).toHaveLength(1)
})

test('R045: a request that one gateway took is not taken by another', async () => {
  const once = request('agent.create', { agent: 'a' })
  expect(await controls[0].call(once)).toMatchObject({ ok: true })
  expect(await controls[1].call(once)).toMatchObject({ ok: false, code: 'IDENTITY_INVALID' })
})

test('R182: without the store nobody is told that something was done', async () => {
  store.trouble = 'down'
  expect(await controls[0].call(request('isolate', { agent: 'a', reason: 'drill' }))).toMatchObject({
    ok: false,
    code: 'STORE_UNAVAILABLE',
  })
  expect(done('isolate')).toHaveLength(0)
})

test('R284 R293: of one link, and of one assertion, two gateways make one session, and it ends on both', async () => {
  const at = async (i: 0 | 1, body: unknown): Promise<Answer> => (await controls[i].call(body)) as Answer
  const both = (body: unknown): Promise<Answer[]> => Promise.all([at(0, body), at(1, body)])
  const { token } = await output(at(0, request('user.link', { user: 'alice' })))
  const linked = await both({ signIn: { step: 'link', token } })
  expect(linked.filter(({ ok }) => ok)).toHaveLength(1)
  const session = String(linked.find(({ ok }) => ok)?.output?.['session'])
  const { options } = await output(at(1, { verb: 'passkey.prepare', input: {}, session }))
  const passkey = newAuthenticator('ES256', false)
  const input = { label: 'phone', response: passkey.register({ ...SITE, challenge: options.challenge }) }
  const { session: mine } = await output(at(0, { verb: 'passkey.add', input, session }))
  expect(await at(1, { verb: 'me', input: {}, session: mine })).toMatchObject({ ok: true, output: { method: 'passkey' } })
  const { challenge } = await output(at(0, { signIn: { step: 'passkey.options' } }))
  const signed = await both({ signIn: { step: 'passkey', response: passkey.assert({ ...SITE, challenge }) } })
  expect(signed.filter(({ ok }) => ok)).toHaveLength(1)
  await at(0, { verb: 'sign-out', input: { everywhere: true }, session: mine })
  expect(await at(1, { verb: 'me', input: {}, session: mine })).toMatchObject({ code: 'IDENTITY_INVALID' })
})
