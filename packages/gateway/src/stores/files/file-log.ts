import { createPublicKey, createPrivateKey, type KeyObject } from 'node:crypto'
import {
  buildEntry,
  firstKept,
  GatewayError,
  isGatewayError,
  TILE_WIDTH,
  toHex,
  type BuiltEntry,
  type Entry,
  type EntryBody,
  type LogKey,
  type NoteKey,
  type ReadFile,
  type StoredEntry,
} from '@sallyport/core'
import { QUEUE_BYTES_MAX, type CheckpointListener, type LogHead, type LogStore } from '../../log-store.ts'
import { requirePermit } from '../../prune-log.ts'
import { readLog, readLogBack } from '../../read-log.ts'
import { signByAll } from '../../sign-by-all.ts'
import { logReader } from './log-reader.ts'
import { startWriterThread, type Opened, type WriterLink } from './writer-link.ts'

/** Most bytes made durable together. */
export const GROUP_BYTES_MAX = 8 * 1_048_576
/** Bundles the writer removes between two groups of entries. */
const REMOVED_AT_ONCE = 8

export interface FileLogOptions {
  /** The log's folder; made when absent. */
  readonly dir: string
  /** Name of the log in its checkpoints, and of the key that signs them. */
  readonly origin: string
  /** Ed25519 private key: a key object or PKCS #8 PEM. */
  readonly signer: KeyObject | string
  /** Every key the log had, each with its sizes; only the signer's unless set. */
  readonly keys?: readonly LogKey[]
  /** The signed statements they follow from. */
  readonly keyHistory?: string
  /** A key that signs checkpoints beside the signer: the one it follows, while a rotation is completed. */
  readonly retiring?: KeyObject
  /** Longest time between a durable entry and the checkpoint that covers it. */
  readonly checkpointMs: number
  readonly nowMs: () => number
  /** The newest checkpoint the caller remembers outside the log's folder. */
  readonly knownHead?: { readonly size: number; readonly rootHex: string }
  /** Told of every checkpoint once it is on disk, in order; what it keeps is the next start's `knownHead`. */
  readonly onCheckpoint?: CheckpointListener
  readonly writer?: WriterLink
}

/**
 * Opens or makes a log, completing what a crash left: acts without outcome get an `unknown` entry each.
 * @throws GatewayError `AUDIT_INVALID` when the files do not fit together or a newer checkpoint is remembered,
 * `AUDIT_UNAVAILABLE` when they cannot be written.
 */
export async function openFileLog(options: FileLogOptions): Promise<LogStore> {
  const privateKey = typeof options.signer === 'string' ? createPrivateKey(options.signer) : options.signer
  const key = { name: options.origin, publicKey: rawPublicKey(privateKey) }
  const link = options.writer ?? startWriterThread()
  const { dir, origin, knownHead } = options
  try {
    const { keys } = options
    const { opened } = await link.call({
      verb: 'open',
      options: { dir, origin, key, ...(keys && { keys }), ...(knownHead && { knownHead }) },
    })
    if (!opened) throw new GatewayError('AUDIT_UNAVAILABLE', 'the writer of the audit log gave no answer')
    const log = new OpenLog(options, { key, privateKey, link }, opened)
    const unknowns = opened.unfinished.map(({ index, act }) => log.append({ type: 'unknown', act, decision: index }))
    await Promise.all(unknowns)
    await log.checkpoint()
    return log
  } catch (error) {
    await link.stop()
    throw error
  }
}

interface Waiting {
  readonly entry: Entry
  readonly bytes: Uint8Array
  readonly resolve: (index: number) => void
  readonly reject: (error: Error) => void
}

class OpenLog implements LogStore {
  readonly key: NoteKey
  readonly keyHistory: string
  readonly files: ReadFile
  readonly #options: FileLogOptions
  readonly #link: WriterLink
  readonly #privateKey: KeyObject
  readonly #timer: NodeJS.Timeout
  /** Indexes of durable allowed decisions without a durable outcome, oldest first. */
  readonly #open = new Set<number>()
  #next: number
  #durable: number
  #lastMs: number
  #queue: Waiting[] = []
  #queueBytes = 0
  #isWriting = false
  #isClosing = false
  #failure: GatewayError | undefined
  #head: (LogHead & { note: string }) | undefined
  #signing: Promise<string> | undefined
  #idle: (() => void)[] = []
  readonly #listeners = new Set<CheckpointListener>()

  constructor(options: FileLogOptions, keys: { key: NoteKey; privateKey: KeyObject; link: WriterLink }, opened: Opened) {
    this.key = keys.key
    this.keyHistory = options.keyHistory ?? ''
    this.files = logReader(options.dir)
    this.#options = options
    this.#link = keys.link
    this.#privateKey = keys.privateKey
    this.#next = opened.size
    this.#durable = opened.size
    this.#lastMs = opened.lastMs
    this.#head = opened.head
    for (const { index } of opened.unfinished) this.#open.add(index)
    this.#timer = setInterval(() => this.checkpoint().catch(() => undefined), options.checkpointMs)
    this.#timer.unref()
  }

  append(body: EntryBody): Promise<number> {
    if (this.#failure) return Promise.reject(this.#failure)
    if (this.#isClosing) return Promise.reject(new GatewayError('AUDIT_UNAVAILABLE', 'the audit log is closed'))
    let built: BuiltEntry
    try {
      built = buildEntry(body, { index: this.#next, nowMs: this.#options.nowMs(), lastMs: this.#lastMs, toBytes })
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
    if (this.#queueBytes + built.bytes.length > QUEUE_BYTES_MAX) {
      return Promise.reject(new GatewayError('AUDIT_UNAVAILABLE', 'too many entries wait to be written'))
    }
    this.#next++
    this.#lastMs = built.timeMs
    this.#queueBytes += built.bytes.length
    // One tick collects the entries of all requests that are ready; while a group is written the next one collects.
    if (this.#queue.length === 0 && !this.#isWriting) setImmediate(() => this.#write())
    return new Promise((resolve, reject) => {
      this.#queue.push({ entry: built.entry, bytes: built.bytes, resolve, reject })
    })
  }

  read(from: number, to: number): Promise<Entry[]> {
    return readLog(this.files, from, Math.min(to, this.#durable))
  }

  readBack(untilMs: number): AsyncGenerator<StoredEntry> {
    return readLogBack(this.files, this.#durable, untilMs)
  }

  size(): Promise<number> {
    return Promise.resolve(this.#durable)
  }

  onCheckpoint(listener: CheckpointListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  head(): LogHead & { note: string } {
    if (!this.#head) throw new GatewayError('AUDIT_UNAVAILABLE', 'the audit log has no checkpoint yet')
    return this.#head
  }

  checkpoint(): Promise<string> {
    this.#signing ??= this.#sign().finally(() => {
      this.#signing = undefined
    })
    return this.#signing
  }

  async removeBelow(to: number, permit: number): Promise<void> {
    await requirePermit(this, to, permit)
    const end = to / TILE_WIDTH
    // A few at a time, so that entries need not wait long for the writer.
    for (let first = (await firstKept(this.files)) / TILE_WIDTH; first < end; first += REMOVED_AT_ONCE) {
      await this.#link.call({ verb: 'remove', first, end: Math.min(end, first + REMOVED_AT_ONCE) })
    }
  }

  async close(): Promise<void> {
    if (this.#isClosing) return
    this.#isClosing = true
    clearInterval(this.#timer)
    try {
      if (!this.#failure && (this.#queue.length > 0 || this.#isWriting))
        await new Promise<void>((resolve) => this.#idle.push(resolve))
      if (this.#failure) return
      await this.#signing?.catch(() => undefined)
      await this.checkpoint()
      await this.#link.call({ verb: 'close' })
    } finally {
      await this.#link.stop()
    }
  }

  async #sign(): Promise<string> {
    if (this.#failure) throw this.#failure
    if (this.#head?.size === this.#durable) return this.#head.note
    try {
      const [settledIndex = this.#durable] = this.#open
      const { head } = await this.#link.call({ verb: 'prepare', settledIndex })
      if (!head) throw new GatewayError('AUDIT_UNAVAILABLE', 'the writer of the audit log gave no answer')
      const { origin, retiring } = this.#options
      const note = await signByAll({ origin, ...head }, retiring ? [retiring, this.#privateKey] : [this.#privateKey])
      await this.#link.call({ verb: 'publish', note })
      this.#head = { note, size: head.size, rootHex: toHex(head.root) }
    } catch (error) {
      throw this.#fail(error)
    }
    // Outside: a caller that cannot remember the head must know, but the log itself is sound.
    const { note, size, rootHex } = this.#head
    await this.#options.onCheckpoint?.(note, { size, rootHex })
    for (const listener of this.#listeners) await listener(note, { size, rootHex })
    return note
  }

  #write(): void {
    if (this.#failure || this.#isWriting) return
    if (this.#queue.length === 0) {
      for (const resolve of this.#idle.splice(0)) resolve()
      return
    }
    this.#isWriting = true
    const { entries, group } = this.#takeGroup()
    this.#link.call({ verb: 'append', group }).then(
      () => {
        this.#isWriting = false
        this.#durable += entries.length
        for (const { entry, bytes, resolve } of entries) {
          this.#queueBytes -= bytes.length
          this.#follow(entry)
          resolve(entry.index)
        }
        this.#write()
      },
      (error: unknown) => {
        const failure = this.#fail(error)
        for (const { reject } of entries) reject(failure)
      },
    )
  }

  /** Takes as much of the queue as one group may hold and lays it out as a bundle does. */
  #takeGroup(): { entries: readonly Waiting[]; group: Uint8Array<ArrayBuffer> } {
    let bytes = 0
    let count = 0
    for (const entry of this.#queue) {
      if (count > 0 && bytes + 2 + entry.bytes.length > GROUP_BYTES_MAX) break
      bytes += 2 + entry.bytes.length
      count++
    }
    const entries = count === this.#queue.length ? this.#queue : this.#queue.slice(0, count)
    this.#queue = count === this.#queue.length ? [] : this.#queue.slice(count)
    const group = new Uint8Array(bytes)
    let at = 0
    for (const entry of entries) {
      group[at] = entry.bytes.length >> 8
      group[at + 1] = entry.bytes.length & 255
      group.set(entry.bytes, at + 2)
      at += 2 + entry.bytes.length
    }
    return { entries, group }
  }

  #follow(entry: Entry): void {
    if (entry.type === 'decision' && entry.enforced === 'allow') this.#open.add(entry.index)
    else if (entry.type === 'outcome' || entry.type === 'unknown') this.#open.delete(entry.decision)
  }

  /** From here on everything is refused: only reading the files again tells what they hold. */
  #fail(cause: unknown): GatewayError {
    const message = isGatewayError(cause) ? cause.message : 'the audit log cannot be written'
    this.#failure ??= new GatewayError('AUDIT_UNAVAILABLE', message, { cause })
    for (const { reject } of this.#queue.splice(0)) reject(this.#failure)
    for (const resolve of this.#idle.splice(0)) resolve()
    clearInterval(this.#timer)
    return this.#failure
  }
}

function rawPublicKey(privateKey: KeyObject): Uint8Array {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' })
  if (privateKey.asymmetricKeyType !== 'ed25519' || x === undefined)
    throw new GatewayError('CONFIG_INVALID', 'the audit key is not an Ed25519 key')
  return new Uint8Array(Buffer.from(x, 'base64url'))
}

function toBytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}
