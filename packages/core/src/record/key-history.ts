import type { LogKey } from './checkpoint.ts'
import { formatNoteKey, parseNote, parseNoteKey, verifyNote, type NoteKey } from './note.ts'
import { sameBytes } from './tree.ts'

/** Largest history read. */
export const KEY_HISTORY_BYTES_MAX = 262_144
/** Most statements in a history. */
export const KEY_STATEMENTS_MAX = 200

const FIRST_LINE = 'sallyport/log-keys/v1'

/**
 * What is said about the keys of one log.
 * `certify`: an offline root key vouches that `key` signs the log from this size on, whatever signed before.
 * `rotate`: `key` hands over to `next` after this size; both sign the statement.
 * `revoke`: checkpoints of `key` beyond this size do not count; the root or a later key of the log signs.
 */
export type KeyStatement = { readonly origin: string; readonly key: NoteKey; readonly size: number } & (
  | { readonly act: 'certify' | 'revoke' }
  | { readonly act: 'rotate'; readonly next: NoteKey }
)

/** The text of a statement, to be signed as a note. */
export function formatKeyStatement(statement: KeyStatement): string {
  const keys = statement.act === 'rotate' ? [statement.key, statement.next] : [statement.key]
  return [FIRST_LINE, statement.act, statement.origin, ...keys.map((key) => formatNoteKey(key)), statement.size, ''].join('\n')
}

/** `undefined` when malformed. Every key of a log bears the log's origin as its name. */
export function parseKeyStatement(text: string): KeyStatement | undefined {
  const [first, act, origin = '', ...rest] = text.split('\n')
  const sizeText = rest.at(-2) ?? ''
  const keys = rest.slice(0, -2).map((line) => parseNoteKey(line))
  if (first !== FIRST_LINE || rest.at(-1) !== '' || !/^(?:0|[1-9][0-9]{0,14})$/.test(sizeText)) return undefined
  if (keys.some((key) => key?.name !== origin)) return undefined
  const [key, next] = keys
  if (!key) return undefined
  const base = { origin, key, size: Number(sizeText) }
  if ((act === 'certify' || act === 'revoke') && keys.length === 1) return { ...base, act }
  return act === 'rotate' && next && keys.length === 2 ? { ...base, act, next } : undefined
}

/** The notes of a history: each statement starts at its first line. `undefined` when there are too many or too much. */
export function splitKeyHistory(history: string): readonly string[] | undefined {
  if (history.length > KEY_HISTORY_BYTES_MAX) return undefined
  const notes = history.split(/^(?=sallyport\/log-keys\/v1$)/m).filter((note) => note !== '')
  return notes.length <= KEY_STATEMENTS_MAX ? notes : undefined
}

/** The first key a history speaks of; nothing is verified. */
export function firstLogKey(history: string): NoteKey | undefined {
  const note = splitKeyHistory(history)?.[0]
  return note === undefined ? undefined : parseKeyStatement(parseNote(note)?.text ?? '')?.key
}

export type KeyHistoryFault = 'malformed' | 'origin_foreign' | 'key_unknown' | 'unsigned' | 'size_invalid' | 'no_key'

export type LogKeys =
  | { readonly origin: string; /** Oldest first; the last one signs now. */ readonly keys: readonly LogKey[] }
  | { readonly fault: KeyHistoryFault; /** Which statement, from 1. */ readonly statement: number }

/** What a verifier starts from: the log's first key, or the offline roots that certify it, or both. */
export interface KeyTrust {
  readonly first?: NoteKey
  readonly roots?: readonly NoteKey[]
}

interface Known {
  readonly key: NoteKey
  from: number
  to: number
  isRevoked?: boolean
  /** The key that introduced it; absent for one that the verifier or a root vouches for. */
  by?: NoteKey
}

/**
 * The keys of a log, each with the sizes it may sign, from its signed history. Pure and strict: one statement that does not hold
 * spoils the whole, and so does a missing one. A key that a root revokes takes along every key it introduced, unless a root
 * certified that one before: whoever stole it could have dated a rotation back. A history cannot show that it is the newest, so
 * whoever verifies keeps the newest one they were given.
 */
export function deriveLogKeys(history: string, trust: KeyTrust): LogKeys {
  const notes = splitKeyHistory(history)
  if (!notes) return { fault: 'malformed', statement: 0 }
  let origin = trust.first?.name
  const known: Known[] = trust.first ? [{ key: trust.first, from: 0, to: Infinity }] : []
  for (const [i, note] of notes.entries()) {
    const text = parseNote(note)?.text
    const statement = text === undefined ? undefined : parseKeyStatement(text)
    if (!statement) return { fault: 'malformed', statement: i + 1 }
    origin ??= statement.origin
    const fault = statement.origin === origin ? apply(known, { note, statement, roots: trust.roots ?? [] }) : 'origin_foreign'
    if (fault) return { fault, statement: i + 1 }
  }
  const keys = known
    .filter(({ from, to }) => from <= to)
    .map(({ key, from, to }) => ({ ...key, from, ...(to < Infinity && { to }) }))
  return origin === undefined || keys.length === 0 ? { fault: 'no_key', statement: notes.length } : { origin, keys }
}

interface Said {
  readonly note: string
  readonly statement: KeyStatement
  readonly roots: readonly NoteKey[]
}

function apply(known: Known[], said: Said): KeyHistoryFault | undefined {
  const { statement } = said
  switch (statement.act) {
    case 'certify':
      return certify(known, said)
    case 'rotate':
      return rotate(known, said, statement.next)
    case 'revoke':
      return revoke(known, said)
  }
}

function certify(known: Known[], { note, statement: { key, size }, roots }: Said): KeyHistoryFault | undefined {
  const found = known.find((one) => isSame(one.key, key))
  // For those who trust the key itself, a root they do not know takes nothing away.
  if (!isSignedByAny(note, roots)) return found ? undefined : 'unsigned'
  if (found) delete found.by
  else {
    for (const one of known) one.to = Math.min(one.to, size)
    known.push({ key, from: size === 0 ? 0 : size + 1, to: Infinity })
  }
  return undefined
}

function rotate(known: Known[], { note, statement: { key, size } }: Said, next: NoteKey): KeyHistoryFault | undefined {
  const old = known.at(-1)
  if (!old || old.isRevoked || !isSame(old.key, key) || known.some((one) => isSame(one.key, next))) return 'key_unknown'
  if (![key, next].every((one) => isSignedByAny(note, [one]))) return 'unsigned'
  if (size < old.from || size > old.to) return 'size_invalid'
  old.to = size
  known.push({ key: next, from: size + 1, to: Infinity, by: key })
  return undefined
}

function revoke(known: Known[], { note, statement: { key, size }, roots }: Said): KeyHistoryFault | undefined {
  const at = known.findIndex((one) => isSame(one.key, key))
  const found = known[at]
  if (!found) return 'key_unknown'
  const isByRoot = isSignedByAny(note, roots)
  const later = known.slice(at + 1).filter(({ from, to }) => from <= to)
  if (
    !isByRoot &&
    !isSignedByAny(
      note,
      later.map((one) => one.key),
    )
  )
    return 'unsigned'
  found.to = Math.min(found.to, size)
  found.isRevoked = true
  if (isByRoot) dropIntroduced(known, found)
  return undefined
}

function dropIntroduced(known: readonly Known[], revoked: Known): void {
  for (const one of known) {
    if (!one.by || !isSame(one.by, revoked.key)) continue
    one.to = -1
    dropIntroduced(known, one)
  }
}

function isSame(a: NoteKey, b: NoteKey): boolean {
  return a.name === b.name && sameBytes(a.publicKey, b.publicKey)
}

function isSignedByAny(note: string, keys: readonly NoteKey[]): boolean {
  return 'text' in verifyNote(note, keys)
}
