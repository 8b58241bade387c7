import { formatNoteKey, parseNoteKey, verifyNote, type NoteFault, type NoteKey } from './note.ts'

/** Most logs in a list, which is a note of at most `NOTE_BYTES_MAX`. */
export const LISTED_LOGS_MAX = 400

const FIRST_LINE = 'sallyport/log-list/v1'

/** One log a deployment has. The key's name is the log's origin. */
export interface ListedLog {
  readonly key: NoteKey
  /** It had at least this many entries when the list was made. */
  readonly sizeMin: number
}

/** Every log a deployment has, as an auditor or the owner of the root key signed it: a missing log is then seen. */
export interface LogList {
  readonly deployment: string
  /** Unix time in milliseconds, whole seconds. */
  readonly atMs: number
  readonly logs: readonly ListedLog[]
}

/** The text of a list, to be signed as a note. */
export function formatLogList({ deployment, atMs, logs }: LogList): string {
  const lines = logs.map(({ key, sizeMin }) => `${formatNoteKey(key)} ${sizeMin}`)
  return [FIRST_LINE, deployment, new Date(atMs).toISOString().replace(/\.\d{3}Z$/, 'Z'), ...lines, ''].join('\n')
}

/** Reads the text of a list; `undefined` when malformed, or when it names a log twice. */
export function parseLogList(text: string): LogList | undefined {
  const [first, deployment = '', at = '', ...rest] = text.split('\n')
  if (first !== FIRST_LINE || deployment.trim() === '' || rest.pop() !== '' || rest.length > LISTED_LOGS_MAX) return undefined
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(at) || Number.isNaN(Date.parse(at))) return undefined
  const logs: ListedLog[] = []
  for (const line of rest) {
    const [, keyText = '', size = ''] = /^(\S+) (0|[1-9][0-9]{0,14})$/.exec(line) ?? []
    const key = parseNoteKey(keyText)
    if (!key || logs.some((log) => log.key.name === key.name)) return undefined
    logs.push({ key, sizeMin: Number(size) })
  }
  return { deployment, atMs: Date.parse(at), logs }
}

/** A signed list that one of these keys vouches for; else what is wrong. */
export function verifyLogList(note: string, signers: readonly NoteKey[]): LogList | { readonly fault: NoteFault } {
  const verified = verifyNote(note, signers)
  return 'fault' in verified ? verified : (parseLogList(verified.text) ?? { fault: 'malformed' })
}

/** A log somebody was handed: its origin, and how many entries were verified under the key of the list or its history. */
export interface FoundLog {
  readonly origin: string
  readonly size: number
}

export interface LogListProblem {
  /** `log_missing`: listed, not there. `log_short`: fewer entries than listed. `log_unlisted`: there, not listed. */
  readonly reason: 'log_missing' | 'log_short' | 'log_unlisted'
  readonly origin: string
  readonly expected?: number
  readonly size?: number
}

/** Holds what is there against the list; nothing when every listed log is there at its size or larger, and no other. */
export function judgeLogList(list: LogList, found: readonly FoundLog[]): readonly LogListProblem[] {
  const problems: LogListProblem[] = []
  for (const { key, sizeMin } of list.logs) {
    const log = found.find((one) => one.origin === key.name)
    if (!log) problems.push({ reason: 'log_missing', origin: key.name, expected: sizeMin })
    else if (log.size < sizeMin) problems.push({ reason: 'log_short', origin: key.name, expected: sizeMin, size: log.size })
  }
  const unlisted = found.filter(({ origin }) => !list.logs.some(({ key }) => key.name === origin))
  return [...problems, ...unlisted.map(({ origin, size }) => ({ reason: 'log_unlisted' as const, origin, size }))]
}
