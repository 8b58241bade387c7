import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { GatewayError, type Json, type StateChange, type StateRecord, type StateStore } from '@sallyport/core'
import { z } from 'zod'
import { encodeChanges, KEY_CHARS_MAX } from '../../encode-changes.ts'

/** What `PRAGMA application_id` must hold: "SLLY". A file of another program is refused instead of written to. */
const APPLICATION_ID = 0x534c4c59
const SCHEMA_VERSION = 1

const Row = z.object({ kind: z.string().min(1).max(64), key: z.string().max(KEY_CHARS_MAX), value: z.string() })

/**
 * Opens the state database, making it when absent. It is locked for as long as it is open: a second process gets
 * `STORE_LOCKED` at once.
 * @throws GatewayError `STORE_LOCKED`, or `STORE_UNAVAILABLE` when the file is damaged or not ours.
 */
export function openSqliteStore(file: string): StateStore {
  if (file !== ':memory:' && !existsSync(file)) {
    writeFileSync(file, '', { mode: 0o600, flag: 'wx' })
    chmodSync(file, 0o600)
  }
  const database = connect(file)
  const select = database.prepare('SELECT kind, key, value FROM record ORDER BY kind, key')
  const insert = database.prepare('INSERT INTO record (kind, key, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  const put = database.prepare(
    'INSERT INTO record (kind, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  )
  const remove = database.prepare('DELETE FROM record WHERE kind = ? AND key = ?')
  // Counted from the opening: nobody else commits while the file is open.
  let revision = 1

  return {
    isShared: false,
    async since(known) {
      if (known === revision) return { revision, isComplete: false, records: [] }
      return { revision, isComplete: true, records: guarded(() => select.all()).map(toRecord) }
    },
    async commit(changes, basis) {
      if (basis !== undefined && basis !== revision) throw new GatewayError('STORE_MOVED', 'the state changed since it was read')
      const texts = encodeChanges(changes)
      guarded(() => database.exec('BEGIN IMMEDIATE'))
      try {
        changes.forEach((change, i) => apply(change, texts[i] ?? 'null'))
        database.exec('COMMIT')
      } catch (cause) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw translate(cause)
      }
      return ++revision
    },
    async close() {
      if (database.isOpen) database.close()
    },
  }

  function apply(change: StateChange, text: string): void {
    if (change.op === 'delete') remove.run(change.kind, change.key)
    else if (change.op === 'put') put.run(change.kind, change.key, text)
    else if (insert.run(change.kind, change.key, text).changes === 0)
      throw new GatewayError('CONFLICT', `${change.kind} exists already`)
  }
}

function connect(file: string): DatabaseSync {
  const database = guarded(() => new DatabaseSync(file, { timeout: 0 }))
  try {
    // EXCLUSIVE keeps the lock after the first write, for the life of the connection.
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF',
    )
    database.exec('BEGIN EXCLUSIVE')
    const found = pragma(database, 'application_id')
    if (found !== 0 && found !== APPLICATION_ID)
      throw new GatewayError('STORE_UNAVAILABLE', `${file}: the database of another program`)
    const version = pragma(database, 'user_version')
    if (version > SCHEMA_VERSION) throw new GatewayError('STORE_UNAVAILABLE', `${file}: written by a newer version`)
    database.exec(
      'CREATE TABLE IF NOT EXISTS record (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID',
    )
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
    return database
  } catch (cause) {
    database.close()
    throw translate(cause)
  }
}

function pragma(database: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0)
}

function toRecord(row: unknown): StateRecord {
  const { kind, key, value } = guarded(() => Row.parse(row))
  return { kind, key, value: guarded(() => JSON.parse(value) as Json) }
}

function guarded<T>(run: () => T): T {
  try {
    return run()
  } catch (cause) {
    throw translate(cause)
  }
}

/** SQLITE_BUSY (5) and SQLITE_LOCKED (6) mean another process; everything else means the store cannot be trusted to hold. */
function translate(cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause
  const code = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : 0
  if (code === 5 || code === 6)
    return new GatewayError('STORE_LOCKED', 'another process holds the home folder; stop it, or use its control socket', { cause })
  return new GatewayError('STORE_UNAVAILABLE', 'the state database cannot be used', { cause })
}
