import {
  buildEntry,
  GatewayError,
  isGatewayError,
  sameBytes,
  type BuiltEntry,
  type EntryBody,
  type TileBuilder,
} from '@sallyport/core'
import { QUEUE_BYTES_MAX } from '../../log-store.ts'
import { logDatabase, type AppendAnswer, type DatabaseTail } from './log-database.ts'
import { buildGroup, toBytes, type Group, type Waiting } from './log-group.ts'
import type { Database } from './open-pool.ts'

/** Most bytes and entries made durable together: what one transaction holds the log's lock for. */
const GROUP_BYTES_MAX = 4 * 1_048_576
const GROUP_ENTRIES_MAX = 2_048
/** How long the entries of a group wait for a database that went away before they are refused. */
const PATIENCE_MS = 5_000
const RETRY_MS = 50
/** How far behind the head a replica may be to catch up while it holds the lock. */
const CATCH_UP_MAX = 4_096

export interface SequencerOptions {
  readonly database: Database
  readonly origin: string
  /** Under which the acts this process carries out are open. */
  readonly replica: string
  readonly nowMs: () => number
  /** How far an entry may be dated after the clock of the database. */
  readonly skewMs: number
}

/** A group whose answer was lost. */
interface Doubt {
  readonly group: Group
  readonly tree: TileBuilder
  /** Set when its appends were refused meanwhile. */
  isRefused: boolean
}

/**
 * This replica's end of the log. Entries are collected while a group is on its way, and each group is one transaction: with the
 * log's lock, or, as long as nobody else appends, one statement that compares the head. The tree grows here, leaf by leaf, also
 * by what others append, so a head that does not extend what this replica has seen is found out at once.
 */
export class Sequencer {
  readonly #options: SequencerOptions
  #tree: TileBuilder
  #lastMs: number
  #era: number
  #isAlone = true
  #isRunning = false
  #isPatient = true
  #isClosing = false
  #queue: Waiting[] = []
  #queueBytes = 0
  /** Entries of the group on its way. */
  #sending = 0
  #doubt: Doubt | undefined
  #failure: GatewayError | undefined
  /** What closes acts of this replica whose own entries were refused. */
  readonly #owed: EntryBody[] = []
  #idle: (() => void)[] = []

  /** @param start The tree and the time of the newest entry, as `logDatabase.open` gave them. */
  constructor(options: SequencerOptions, start: { readonly tree: TileBuilder; readonly lastMs: number }) {
    this.#options = options
    this.#tree = start.tree
    this.#lastMs = start.lastMs
    // Later than any era an earlier process of the same name used.
    this.#era = Date.now()
  }

  append(body: EntryBody): Promise<number> {
    if (this.#failure) return Promise.reject(this.#failure)
    if (this.#isClosing) return Promise.reject(unavailable('the audit log is closed'))
    let built: BuiltEntry
    try {
      // Where it will stand if nobody else appends; else it is built again.
      built = buildEntry(body, {
        index: this.#tree.size + this.#sending + this.#queue.length,
        nowMs: this.#options.nowMs(),
        lastMs: this.#lastMs,
        toBytes,
      })
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
    if (this.#queueBytes + built.bytes.length > QUEUE_BYTES_MAX)
      return Promise.reject(unavailable('too many entries wait to be written'))
    this.#queueBytes += built.bytes.length
    return new Promise((resolve, reject) => {
      this.#queue.push({ body, built, resolve, reject })
      this.nudge()
    })
  }

  /** Sends what waits, if anything does. One tick collects the entries of all requests that are ready. */
  nudge(): void {
    if (this.#isRunning || (this.#queue.length === 0 && this.#owed.length === 0 && !this.#doubt)) return
    this.#isRunning = true
    setImmediate(() => void this.#run())
  }

  /** Follows the log to its end. @throws GatewayError `AUDIT_INVALID` when it does not extend what this replica has seen. */
  async catchUp(): Promise<{ readonly size: number; readonly root: Uint8Array }> {
    for (;;) {
      if (this.#failure) throw this.#failure
      const tree = this.#tree
      const { tree: next, isAtEnd } = this.#follow(
        tree,
        await logDatabase.tail(this.#options.database, this.#options.origin, tree.size),
      )
      this.#advance(next)
      if (isAtEnd) return { size: next.size, root: next.root() }
    }
  }

  /** Waits for what was appended; nothing is taken any more. */
  async close(): Promise<void> {
    this.#isClosing = true
    if (this.#isRunning) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  async #run(): Promise<void> {
    do {
      const group = this.#takeGroup()
      this.#sending = group.length
      await this.#send(group)
      this.#sending = 0
    } while (this.#queue.length > 0)
    this.#isRunning = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  #takeGroup(): Waiting[] {
    const group: Waiting[] = this.#owed.splice(0).map((body) => this.#asWaiting(body))
    let bytes = 0
    let count = 0
    for (const { built } of this.#queue) {
      if (count === GROUP_ENTRIES_MAX || (count > 0 && bytes + built.bytes.length > GROUP_BYTES_MAX)) break
      bytes += built.bytes.length
      count++
    }
    this.#queueBytes -= bytes
    return [...group, ...this.#queue.splice(0, count)]
  }

  #asWaiting(body: EntryBody): Waiting {
    const built = buildEntry(body, { index: 0, nowMs: this.#options.nowMs(), lastMs: this.#lastMs, toBytes })
    const reject = (error: Error): void => {
      // Closed by somebody else: nothing is owed any more.
      if (!isGatewayError(error) || error.code !== 'CONFLICT') this.#owed.push(body)
    }
    return { body, built, resolve: () => undefined, reject }
  }

  /** Sees a group through: until all of it is in the log, refused, or out of patience. Never throws. */
  async #send(group: Waiting[]): Promise<void> {
    const untilMs = performance.now() + (this.#isPatient ? PATIENCE_MS : 0)
    for (let rest: readonly Waiting[] = group; ;) {
      try {
        if (this.#doubt) rest = await this.#settle(rest)
        if (rest.length > 0) rest = await this.#attempt(rest)
        this.#isPatient = true
        if (rest.length === 0) return
      } catch (error) {
        if (isGatewayError(error) && error.code === 'AUDIT_INVALID') this.#failure = error
        if (this.#failure || performance.now() >= untilMs || isFinal(error)) {
          this.#isPatient = false
          this.#refuse(
            rest,
            isGatewayError(error) && error.code.startsWith('AUDIT_')
              ? error
              : unavailable('the audit log cannot be written', error),
          )
          return
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  #refuse(rest: readonly Waiting[], error: GatewayError): void {
    if (this.#doubt) this.#doubt.isRefused = true
    // What came meanwhile would fare no better, and its callers wait for an answer.
    this.#queueBytes = 0
    for (const { body, reject } of [...rest, ...this.#queue.splice(0)]) {
      // The act was carried out and its outcome is lost: it does not stay open until this replica ends.
      if (body.type === 'outcome') this.#owed.push({ type: 'unknown', act: body.act, decision: body.decision })
      reject(error)
    }
  }

  /** Appends what it can of a group in one transaction. @returns What is still to be appended. */
  async #attempt(waiting: readonly Waiting[]): Promise<readonly Waiting[]> {
    if (this.#isAlone) {
      const made = this.#build(waiting, this.#tree, this.#lastMs)
      return this.#conclude(made, await this.#sent(made, () => this.#append(this.#options.database, made)))
    }
    let made: Doubt | undefined
    // Held on to: the checkpoint's timer may follow others in between.
    const base = this.#tree
    const answer = await this.#options.database
      .transact(async (queries) => {
        const tail = await logDatabase.begin(queries, this.#options.origin, base.size)
        if (tail.size - base.size > CATCH_UP_MAX) return undefined
        const { tree } = this.#follow(base, tail)
        this.#isAlone = tree === base
        this.#advance(tree)
        made = this.#build(waiting, tree, tail.lastMs)
        return this.#append(queries, made)
      })
      .catch((error: unknown) => {
        // Only a commit that was sent can be in doubt; looking costs one statement either way.
        this.#doubt = made
        throw error
      })
    if (made && answer) return this.#conclude(made, answer)
    await this.catchUp()
    return waiting
  }

  async #sent(made: Doubt, send: () => Promise<AppendAnswer>): Promise<AppendAnswer> {
    try {
      return await send()
    } catch (error) {
      this.#doubt = made
      throw error
    }
  }

  #build(waiting: readonly Waiting[], base: TileBuilder, lastMs: number): Doubt {
    const tree = base.copy()
    return { group: buildGroup(waiting, { tree, root: base.root(), lastMs }), tree, isRefused: false }
  }

  #append(queries: Pick<Database, 'query'>, { group }: Doubt): Promise<AppendAnswer> {
    if (group.waiting.length === 0) return Promise.resolve({ is: 'done' })
    const { origin, replica, skewMs } = this.#options
    return logDatabase.append(queries, { ...group.request, origin, replica, skewMs, era: this.#era }, group.bytes)
  }

  #conclude(made: Doubt, answer: AppendAnswer): readonly Waiting[] {
    const { waiting } = made.group
    switch (answer.is) {
      case 'done':
        this.#accept(made)
        return []
      case 'moved':
        this.#isAlone = false
        return waiting
      case 'closed': {
        const gone = new Set(answer.decisions)
        const isGone = ({ body }: Waiting): boolean => 'decision' in body && gone.has(body.decision)
        for (const one of waiting.filter(isGone)) one.reject(new GatewayError('CONFLICT', 'the act was closed as unknown'))
        return waiting.filter((one) => !isGone(one))
      }
      case 'fenced':
        this.#era = Math.max(this.#era + 1, Date.now())
        throw unavailable('a later process of this replica writes the log')
      case 'dead':
        throw unavailable('this replica was given up by the others')
      case 'skewed':
        throw unavailable('the clock of this replica is ahead of the database')
    }
  }

  /** The group is durable. */
  #accept({ group, tree }: Doubt): void {
    this.#advance(tree)
    this.#lastMs = Math.max(this.#lastMs, group.request.lastMs)
    group.waiting.forEach(({ resolve }, i) => resolve(group.request.size + i))
  }

  /** Finds out what became of the group in doubt. @returns What of `rest` is still to be appended. */
  async #settle(rest: readonly Waiting[]): Promise<readonly Waiting[]> {
    const doubt = this.#doubt
    if (!doubt) return rest
    const { database, origin, replica } = this.#options
    const tail = await logDatabase.settle(database, { origin, replica, era: this.#era + 1 })
    this.#era++
    this.#doubt = undefined
    const { request, waiting } = doubt.group
    if (tail !== request.size + waiting.length) return rest
    if (!doubt.isRefused) {
      this.#accept(doubt)
      return rest.filter((one) => !waiting.includes(one))
    }
    this.#advance(doubt.tree)
    for (const [decision, act] of request.opens) this.#owed.push({ type: 'unknown', act, decision })
    return [...this.#owed.splice(0).map((body) => this.#asWaiting(body)), ...rest]
  }

  #follow(tree: TileBuilder, tail: DatabaseTail): { tree: TileBuilder; isAtEnd: boolean } {
    const next = extend(tree, tail)
    const isAtEnd = next.size === tail.size
    if (isAtEnd ? !sameBytes(next.root(), tail.root) : tail.size < next.size || tail.leaves.length === 0)
      throw new GatewayError('AUDIT_INVALID', 'the audit log was changed or cut back while this gateway runs')
    this.#lastMs = Math.max(this.#lastMs, isAtEnd ? tail.lastMs : 0)
    return { tree: next, isAtEnd }
  }

  #advance(tree: TileBuilder): void {
    if (tree.size > this.#tree.size) this.#tree = tree
  }
}

function extend(tree: TileBuilder, { leaves }: DatabaseTail): TileBuilder {
  if (leaves.length === 0) return tree
  const next = tree.copy()
  for (const leaf of leaves) next.append(leaf)
  return next
}

/** Refused by the database for a reason that trying again does not change. */
function isFinal(error: unknown): boolean {
  return isGatewayError(error) && error.code === 'AUDIT_UNAVAILABLE'
}

function unavailable(message: string, cause?: unknown): GatewayError {
  return new GatewayError('AUDIT_UNAVAILABLE', message, cause === undefined ? {} : { cause })
}
