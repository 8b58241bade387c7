import { GatewayError } from '@sallyport/core'

/** One worker, one job at a time. */
export interface WorkerLink<Job, Answer> {
  /** Settles when the worker can take jobs, or cannot be had. */
  readonly ready: Promise<void>
  /** Rejects when the job fails; `isGone` then tells whether the worker went with it. */
  call(job: Job): Promise<Answer>
  isGone(): boolean
  stop(): Promise<void>
}

export interface PoolOptions<Job, Answer> {
  readonly start: () => WorkerLink<Job, Answer>
  readonly workers: number
  /** Longest time from the call to the answer, and longest time one job may run before its worker is replaced. */
  readonly timeoutMs: number
  /** Jobs that may wait. */
  readonly queueMax: number
}

export interface WorkerPool<Job, Answer> {
  /**
   * Answers in the order of the jobs.
   * @throws GatewayError `CLASSIFIER_UNAVAILABLE` when one of them failed or timed out, or when too many wait.
   */
  run(jobs: readonly Job[]): Promise<Answer[]>
  close(): Promise<void>
}

/** Wait before a worker that did not start is started again. */
const RESTART_MS = 1_000

interface Call<Answer> {
  readonly answers: Answer[]
  missing: number
  readonly settle: (error?: GatewayError) => void
  settled: boolean
}
interface Waiting<Job, Answer> {
  readonly job: Job
  readonly at: number
  readonly call: Call<Answer>
}
interface Slot<Job, Answer> {
  link: WorkerLink<Job, Answer> | undefined
  isIdle: boolean
}

/**
 * Starts the workers and waits until all are ready.
 * @throws What the first worker that cannot start says.
 */
export async function openPool<Job, Answer>(options: PoolOptions<Job, Answer>): Promise<WorkerPool<Job, Answer>> {
  const pool = new Pool(options)
  try {
    await pool.ready()
  } catch (error) {
    await pool.close()
    throw error
  }
  return pool
}

class Pool<Job, Answer> implements WorkerPool<Job, Answer> {
  readonly #options: PoolOptions<Job, Answer>
  readonly #slots: Slot<Job, Answer>[]
  #waiting: Waiting<Job, Answer>[] = []
  #isClosed = false

  constructor(options: PoolOptions<Job, Answer>) {
    this.#options = options
    this.#slots = Array.from({ length: options.workers }, () => ({ link: options.start(), isIdle: false }))
  }

  async ready(): Promise<void> {
    await Promise.all(this.#links().map((link) => link.ready))
    for (const slot of this.#slots) slot.isIdle = true
  }

  run(jobs: readonly Job[]): Promise<Answer[]> {
    if (this.#isClosed) return Promise.reject(unavailable('the classifier is closed'))
    if (jobs.length === 0) return Promise.resolve([])
    if (this.#waiting.length + jobs.length > this.#options.queueMax)
      return Promise.reject(unavailable('too much waits for the classifier'))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => call.settle(unavailable('the classifier did not answer in time')), this.#options.timeoutMs)
      const call: Call<Answer> = {
        answers: [],
        missing: jobs.length,
        settled: false,
        settle: (error) => {
          if (call.settled) return
          call.settled = true
          clearTimeout(timer)
          // What nobody waits for any more is not computed either.
          this.#waiting = this.#waiting.filter((one) => one.call !== call)
          if (error) reject(error)
          else resolve(call.answers)
        },
      }
      this.#waiting.push(...jobs.map((job, at) => ({ job, at, call })))
      this.#pump()
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const { call } of this.#waiting) call.settle(unavailable('the classifier is closed'))
    await Promise.all(this.#links().map((link) => link.stop()))
  }

  #links(): WorkerLink<Job, Answer>[] {
    return this.#slots.flatMap(({ link }) => (link === undefined ? [] : [link]))
  }

  #pump(): void {
    for (const slot of this.#slots) {
      if (!slot.isIdle || slot.link === undefined) continue
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#perform(slot, slot.link, next)
    }
  }

  #perform(slot: Slot<Job, Answer>, link: WorkerLink<Job, Answer>, { job, at, call }: Waiting<Job, Answer>): void {
    slot.isIdle = false
    const watch = setTimeout(() => {
      call.settle(unavailable('the classifier did not answer in time'))
      this.#replace(slot, link)
    }, this.#options.timeoutMs)
    void link
      .call(job)
      .then(
        (answer) => {
          call.answers[at] = answer
          call.missing -= 1
          if (call.missing === 0) call.settle()
        },
        (cause: unknown) => call.settle(unavailable('the classifier failed', cause)),
      )
      .then(() => {
        clearTimeout(watch)
        if (slot.link !== link) return
        if (link.isGone()) return this.#replace(slot, link)
        slot.isIdle = true
        this.#pump()
      })
  }

  /** Another worker takes the place of one that hangs or died. The old one is not waited for: it may never end. */
  #replace(slot: Slot<Job, Answer>, old: WorkerLink<Job, Answer>): void {
    if (slot.link !== old || this.#isClosed) return
    void old.stop().catch(() => undefined)
    this.#restart(slot)
  }

  #restart(slot: Slot<Job, Answer>): void {
    if (this.#isClosed) return
    const link = this.#options.start()
    slot.link = link
    slot.isIdle = false
    link.ready.then(
      () => {
        slot.isIdle = true
        this.#pump()
      },
      () => {
        slot.link = undefined
        setTimeout(() => this.#restart(slot), RESTART_MS).unref()
      },
    )
  }
}

function unavailable(message: string, cause?: unknown): GatewayError {
  return new GatewayError('CLASSIFIER_UNAVAILABLE', message, { cause })
}
