import { generateKeyPairSync, sign } from 'node:crypto'
import { cosign, formatNote, formatNoteKey, parseNote, signCheckpoint } from '@sallyport/core'
import { beforeEach, expect, test } from 'vitest'
import { WitnessesConfig } from './config-witness.ts'
import { rawPublicKey } from './ed25519.ts'
import { fixedClock, type Clock } from './fixtures/world.ts'
import { openStanding, type LogStanding } from './log-standing.ts'
import type { CheckpointListener } from './log-store.ts'
import type { CosignedRecord } from './state-records.ts'

const log = generateKeyPairSync('ed25519').privateKey
const logKey = { name: 'sallyport/test', publicKey: rawPublicKey(log) }
const secrets = ['w1', 'w2', 'w3'].map((name) => ({ name, secret: generateKeyPairSync('ed25519').privateKey }))
const list = secrets.map(({ name, secret }) => ({
  name,
  key: formatNoteKey({ name: `${name}.example`, publicKey: rawPublicKey(secret) }, 'cosignature'),
  url: `https://${name}.example`,
}))
const GRACE_MS = 5_000

let clock: Clock
let size: number
let records: CosignedRecord[]
let listeners: CheckpointListener[]
beforeEach(() => {
  clock = fixedClock()
  size = 100
  records = []
  listeners = []
})

function standing(atLeast = 2): LogStanding {
  return openStanding({
    witnesses: WitnessesConfig.parse({ policy: { atLeast }, list, stopActs: 'consequential', graceMs: GRACE_MS }),
    state: { cosigned: () => records },
    audit: {
      key: logKey,
      head: () => ({ size, rootHex: '', note: '' }),
      size: () => Promise.resolve(size + 5),
      onCheckpoint: (listener) => {
        listeners.push(listener)
        return () => undefined
      },
    },
    nowMs: clock.nowMs,
  })
}

async function cosigned(name: string, atSize: number, by: string = name): Promise<void> {
  const { secret } = secrets.find((one) => one.name === by) ?? { secret: log }
  const note = parseNote(
    await signCheckpoint(
      { origin: logKey.name, size: atSize, root: new Uint8Array(32) },
      logKey,
      (bytes) => new Uint8Array(sign(null, bytes, log)),
    ),
  )
  if (!note) throw new Error('not a note')
  const key = { name: `${by}.example`, publicKey: rawPublicKey(secret) }
  const line = await cosign(note.text, key, { timeS: 1_800_000_000, sign: (bytes) => new Uint8Array(sign(null, bytes, secret)) })
  const text = formatNote({ ...note, signatures: [...note.signatures, line] })
  records = [...records.filter(({ witness }) => witness !== name), { witness: name, size: atSize, note: text, atMs: clock.nowMs() }]
}

test('R117: an entry is witnessed once as many witnesses as the policy asks for cover it', async () => {
  const { sizes } = standing()
  await cosigned('w1', 90)
  expect(await sizes()).toEqual({ durable: 105, checkpointed: 100, witnessed: 0 })
  await cosigned('w2', 70)
  expect((await sizes()).witnessed).toBe(70)
  await cosigned('w3', 80)
  expect((await sizes()).witnessed).toBe(80)
})

test('R117: acts are stopped only after the grace, from the oldest checkpoint that waits, and allowed once it is covered', async () => {
  const { stopped } = standing()
  expect(stopped()).toBeUndefined()
  clock.advance(GRACE_MS)
  expect(stopped()).toBeUndefined()
  clock.advance(1)
  expect(stopped()).toBe('consequential')
  await cosigned('w1', 100)
  await cosigned('w2', 100)
  expect(stopped()).toBeUndefined()
  size = 120
  for (const listener of listeners) void listener('', { size, rootHex: '' })
  clock.advance(GRACE_MS + 1)
  size = 130
  expect(stopped()).toBe('consequential')
  await cosigned('w1', 120)
  await cosigned('w2', 120)
  expect(stopped()).toBeUndefined()
})

test('R117: a clock that is set back gives a checkpoint that waits one more grace, not the time it was set back by', () => {
  const { stopped } = standing()
  expect(stopped()).toBeUndefined()
  clock.advance(-86_400_000)
  expect(stopped()).toBeUndefined()
  clock.advance(GRACE_MS + 1)
  expect(stopped()).toBe('consequential')
})

test('R117: a witness that contradicts the log counts for nothing, at once', async () => {
  const { stopped, report } = standing()
  for (const { name } of secrets) await cosigned(name, 100)
  const against = (name: string): void => {
    records = records.map((record) =>
      record.witness === name ? { ...record, contradiction: { reason: 'forked' as const, atMs: 0 } } : record,
    )
  }
  against('w1')
  expect([stopped(), report()?.witnessed]).toEqual([undefined, 100])
  against('w2')
  expect([stopped(), report()?.isOverdue]).toEqual(['consequential', true])
})

test('R117: a record counts only for the witness whose cosignature it holds, whatever it says', async () => {
  const { report } = standing(1)
  await cosigned('w1', 100, 'stranger')
  expect(report()?.witnessed).toBe(0)
  await cosigned('w1', 100, 'w2')
  expect(report()?.witnessed).toBe(0)
  await cosigned('w1', 50)
  records = records.map((record) => ({ ...record, size: 100 }))
  expect(report()?.witnessed).toBe(50)
})

test('without witnesses nothing is stopped and no size is claimed; anchors say theirs', async () => {
  const open = openStanding({
    witnesses: WitnessesConfig.parse({ stopActs: 'consequential' }),
    state: { cosigned: () => [] },
    audit: {
      key: logKey,
      head: () => ({ size, rootHex: '', note: '' }),
      size: () => Promise.resolve(size),
      onCheckpoint: () => () => undefined,
    },
    nowMs: clock.nowMs,
  })
  clock.advance(GRACE_MS * 1_000)
  expect([open.stopped(), open.report(), await open.sizes()]).toEqual([undefined, undefined, { durable: 100, checkpointed: 100 }])
  open.anchoredBy(() => 60)
  expect((await open.sizes()).anchored).toBe(60)
})
