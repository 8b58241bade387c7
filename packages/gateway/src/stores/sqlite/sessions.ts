import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { GatewayError, SESSION_PAGE_ITEMS_MAX, type SessionStore } from '@sallyport/core'
import { z } from 'zod'

/** "SLLS": a database of another program, or another of ours, is refused. */
const APPLICATION_ID = 0x534c4c53
const Row = z.object({ seq: z.int(), sealed: z.instanceof(Uint8Array) })

/**
 * What sessions hold, in a file of its own that this process alone has open. What is forgotten is overwritten with zeros.
 * @throws GatewayError `STORE_LOCKED`, or `STORE_UNAVAILABLE` when the file is damaged or not ours.
 */
export function openSqliteSessions(file: string): SessionStore {
  if (!existsSync(file)) {
    writeFileSync(file, '', { mode: 0o600, flag: 'wx' })
    chmodSync(file, 0o600)
  }
  const database = guarded(() => connect(file))
  const insert = database.prepare('INSERT INTO item (session, at, sealed, owner) VALUES (?, ?, ?, ?)')
  const select = database.prepare('SELECT seq, sealed FROM item WHERE session = ? AND seq > ? ORDER BY seq LIMIT ?')
  const remove = database.prepare('DELETE FROM item WHERE session = ? AND seq < ?')
  const owned = database.prepare("SELECT DISTINCT session FROM item WHERE owner = ? AND owner <> ''")
  const owner = database.prepare("SELECT owner FROM item WHERE session = ? AND owner <> '' LIMIT 1")
  const expire = database.prepare('DELETE FROM item WHERE at < ?')
  /** Whether a commit waits for the disk. */
  let isFull = true
  return {
    isShared: false,
    append: async (session, items, { nowMs, mustLast, owner = '' }) =>
      guarded(() => {
        // With a write-ahead log, only the machine’s end loses what was not synchronised.
        if (isFull !== mustLast) database.exec(`PRAGMA synchronous = ${mustLast ? 'FULL' : 'NORMAL'}`)
        isFull = mustLast
        const [only] = items
        if (items.length === 1 && only) return Number(insert.run(session, nowMs, only, owner).lastInsertRowid)
        database.exec('BEGIN IMMEDIATE')
        try {
          let last = 0
          for (const sealed of items) last = Number(insert.run(session, nowMs, sealed, owner).lastInsertRowid)
          database.exec('COMMIT')
          return last
        } catch (error) {
          if (database.isTransaction) database.exec('ROLLBACK')
          throw error
        }
      }),
    read: async (session, after) => guarded(() => select.all(session, after, SESSION_PAGE_ITEMS_MAX).map((row) => Row.parse(row))),
    erase: async (session, before = Number.MAX_SAFE_INTEGER) => void guarded(() => remove.run(session, before)),
    owner: async (session) =>
      guarded(() => {
        const row = owner.get(session)
        return row && String(row['owner'])
      }),
    owned: async (owner) => guarded(() => owned.all(owner).map((row) => String(row['session']))),
    expire: async (beforeMs) => guarded(() => Number(expire.run(beforeMs).changes)),
    async close() {
      if (database.isOpen) database.close()
    },
  }
}

function connect(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF',
    )
    database.exec('BEGIN EXCLUSIVE')
    const found = Number(database.prepare('PRAGMA application_id').get()?.['application_id'] ?? 0)
    if (found !== 0 && found !== APPLICATION_ID) throw new GatewayError('STORE_UNAVAILABLE', `${file}: of another program`)
    database.exec(
      'CREATE TABLE IF NOT EXISTS item (seq INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL, at INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;' +
        'CREATE INDEX IF NOT EXISTS item_session ON item (session, seq); CREATE INDEX IF NOT EXISTS item_at ON item (at);',
    )
    const columns = database.prepare('PRAGMA table_info(item)').all()
    if (!columns.some(({ name }) => name === 'owner')) database.exec("ALTER TABLE item ADD COLUMN owner TEXT NOT NULL DEFAULT ''")
    database.exec("CREATE INDEX IF NOT EXISTS item_owner ON item (owner) WHERE owner <> ''")
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; COMMIT`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function guarded<T>(run: () => T): T {
  try {
    return run()
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    const code = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : 0
    if (code === 5 || code === 6) throw new GatewayError('STORE_LOCKED', 'another process holds the home folder', { cause })
    throw new GatewayError('STORE_UNAVAILABLE', 'what sessions hold cannot be read or written', { cause })
  }
}
