import { GatewayError, isGatewayError } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openPool, type WorkerLink } from './worker-pool.ts'

/** A worker whose jobs the test finishes by hand. */
interface Hand extends WorkerLink<string, string> {
  readonly jobs: { readonly job: string; readonly resolve: (answer: string) => void; readonly reject: (error: Error) => void }[]
  stopped: boolean
  gone: boolean
}

function hands(starts: (() => Promise<void>)[] = []): { made: Hand[]; start: () => Hand } {
  const made: Hand[] = []
  const start = (): Hand => {
    const hand: Hand = {
      ready: (starts.shift() ?? (() => Promise.resolve()))(),
      jobs: [],
      stopped: false,
      gone: false,
      call: (job) => new Promise((resolve, reject) => hand.jobs.push({ job, resolve, reject })),
      isGone: () => hand.gone,
      stop: async () => {
        hand.stopped = true
      },
    }
    made.push(hand)
    return hand
  }
  return { made, start }
}

const UNAVAILABLE = { code: 'CLASSIFIER_UNAVAILABLE' }
const open = (start: () => Hand, limits: { workers?: number; timeoutMs?: number; queueMax?: number } = {}) =>
  openPool({ workers: 1, timeoutMs: 100, queueMax: 4, ...limits, start })
/** Caught at once: it fails while the test does something else. */
const codeOf = (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    () => 'answered',
    (error: unknown) => (isGatewayError(error) ? error.code : error),
  )
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('R057: the workers', () => {
  test('answer in the order of the jobs, whichever finishes first', async () => {
    const { made, start } = hands()
    const pool = await open(start, { workers: 2 })
    const answers = pool.run(['a', 'b'])
    made[1]?.jobs[0]?.resolve('B')
    await settled()
    made[0]?.jobs[0]?.resolve('A')
    expect(await answers).toEqual(['A', 'B'])
  })

  test('get one job at a time, first come, first served', async () => {
    const { made, start } = hands()
    const pool = await open(start)
    const [first, second] = [pool.run(['a']), pool.run(['b'])]
    expect(made[0]?.jobs.map(({ job }) => job)).toEqual(['a'])
    made[0]?.jobs[0]?.resolve('A')
    expect(await first).toEqual(['A'])
    await settled()
    made[0]?.jobs[1]?.resolve('B')
    expect(await second).toEqual(['B'])
  })

  test('✗ more than may wait is refused at once, and nothing of it runs', async () => {
    const { made, start } = hands()
    const pool = await open(start, { queueMax: 2 })
    const held = pool.run(['a', 'b'])
    await expect(pool.run(['c', 'd'])).rejects.toMatchObject(UNAVAILABLE)
    made[0]?.jobs[0]?.resolve('A')
    await settled()
    made[0]?.jobs[1]?.resolve('B')
    expect(await held).toEqual(['A', 'B'])
    expect(made[0]?.jobs).toHaveLength(2)
  })

  test('✗ one that hangs is replaced, its caller told, and the next call served by another', async () => {
    const { made, start } = hands()
    const pool = await open(start)
    const hung = pool.run(['a'])
    const told = codeOf(hung)
    await vi.advanceTimersByTimeAsync(100)
    expect(await told).toBe('CLASSIFIER_UNAVAILABLE')
    expect(made[0]?.stopped).toBe(true)
    const next = pool.run(['b'])
    await settled()
    made[1]?.jobs[0]?.resolve('B')
    expect(await next).toEqual(['B'])
  })

  test('a job that began late is not killed for the time it waited', async () => {
    const { made, start } = hands()
    const pool = await open(start)
    const first = pool.run(['a'])
    const late = codeOf(pool.run(['b']))
    await vi.advanceTimersByTimeAsync(90)
    made[0]?.jobs[0]?.resolve('A')
    await first
    await vi.advanceTimersByTimeAsync(20)
    expect(await late).toBe('CLASSIFIER_UNAVAILABLE')
    expect(made).toHaveLength(1)
    made[0]?.jobs[1]?.resolve('B')
    await settled()
    const next = pool.run(['c'])
    made[0]?.jobs[2]?.resolve('C')
    expect(await next).toEqual(['C'])
  })

  test('what nobody waits for any more is not begun', async () => {
    const { made, start } = hands()
    const pool = await open(start)
    const failed = codeOf(pool.run(['a', 'b']))
    made[0]?.jobs[0]?.reject(new Error('no'))
    expect(await failed).toBe('CLASSIFIER_UNAVAILABLE')
    await settled()
    expect(made[0]?.jobs).toHaveLength(1)
  })

  test('✗ one that dies is replaced; one that only failed is kept', async () => {
    const { made, start } = hands()
    const pool = await open(start)
    const failed = codeOf(pool.run(['a']))
    made[0]?.jobs[0]?.reject(new Error('no'))
    expect(await failed).toBe('CLASSIFIER_UNAVAILABLE')
    await settled()
    expect(made).toHaveLength(1)
    const died = codeOf(pool.run(['b']))
    if (made[0]) made[0].gone = true
    made[0]?.jobs[1]?.reject(new Error('gone'))
    expect(await died).toBe('CLASSIFIER_UNAVAILABLE')
    await settled()
    const next = pool.run(['c'])
    await settled()
    made[1]?.jobs[0]?.resolve('C')
    expect(await next).toEqual(['C'])
  })

  test('one that cannot be started again is tried again later', async () => {
    const { made, start } = hands([() => Promise.resolve(), () => Promise.reject(new Error('file is gone'))])
    const pool = await open(start)
    const hung = codeOf(pool.run(['a']))
    await vi.advanceTimersByTimeAsync(100)
    expect(await hung).toBe('CLASSIFIER_UNAVAILABLE')
    expect(made).toHaveLength(2)
    const unserved = codeOf(pool.run(['b']))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await unserved).toBe('CLASSIFIER_UNAVAILABLE')
    const next = pool.run(['c'])
    await settled()
    made[2]?.jobs[0]?.resolve('C')
    expect(await next).toEqual(['C'])
  })

  test('✗ when one cannot start, none is left running, and the error is its own', async () => {
    const refused = new GatewayError('CONFIG_INSECURE', 'another file')
    const { made, start } = hands([() => Promise.resolve(), () => Promise.reject(refused)])
    await expect(open(start, { workers: 2 })).rejects.toBe(refused)
    expect(made.every(({ stopped }) => stopped)).toBe(true)
  })

  test('✗ a closed pool refuses, and what waited is told', async () => {
    const { start } = hands()
    const pool = await open(start)
    const running = codeOf(pool.run(['a', 'b']))
    await pool.close()
    await expect(pool.run(['c'])).rejects.toMatchObject(UNAVAILABLE)
    expect(await running).toBe('CLASSIFIER_UNAVAILABLE')
  })
})
