import { AlertOptions, GatewayError, openWatch, type EntryBody, type StoredEntry } from '@sallyport/core'
import { expect, test } from 'vitest'
import { sampleEntry } from '../../../core/src/observe/fixtures/samples.ts'
import { logAlerts } from './log-alerts.ts'

function raising(outcomes: readonly ('fails' | 'works')[], options: object = {}, earlier: readonly StoredEntry[] = []) {
  const written: EntryBody[] = []
  const left = [...outcomes]
  const deliver = logAlerts({
    origin: 'sallyport/test',
    watch: openWatch(AlertOptions.parse(options)),
    earlier: async function* () {
      yield* earlier
    },
    nowMs: () => Date.UTC(2026, 10, 21),
    append: (body) => {
      if (left.shift() === 'fails') return Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'not now'))
      return Promise.resolve(written.push(body))
    },
  })
  return { deliver, written }
}

const foreign = sampleEntry('foreign')
const denied = sampleEntry('denied')

test('R269: an alert that could not be written is written when the batch comes again, and once', async () => {
  const { deliver, written } = raising(['fails', 'works'])
  await expect(deliver([foreign])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(written).toEqual([])
  await deliver([foreign])
  await deliver([foreign])
  expect(written).toMatchObject([{ verb: 'alert.raised', detail: { rule: 'foreign-credential', entry: foreign.index } }])
})

test('R269: an act in a batch that comes again counts once', async () => {
  const { deliver, written } = raising(['fails'], { deniedMax: 2 })
  const batch = [denied, { ...foreign, index: denied.index + 1 }]
  await expect(deliver(batch)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await deliver(batch)
  expect(written.map((body) => 'detail' in body && typeof body.detail === 'object' && body.detail['rule'])).toEqual([
    'foreign-credential',
  ])
})

test('R269: what was before a start counts towards what comes after it, and raises nothing again', async () => {
  const before = [0, 1].map((index) => ({ ...denied, index }))
  const { deliver, written } = raising([], { deniedMax: 3 }, before)
  await deliver([{ ...denied, index: 2 }])
  expect(written).toMatchObject([{ detail: { rule: 'denied-burst', count: 3, entry: 2 } }])
  const alone = raising([], { deniedMax: 3 })
  await alone.deliver([{ ...denied, index: 2 }])
  expect(alone.written).toEqual([])
})
