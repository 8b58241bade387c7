import type { DatabaseSync } from 'node:sqlite'
import {
  GatewayError,
  KEYS_LISTED_MAX,
  type KeysOf,
  type VaultContent,
  type VaultCount,
  type VaultKey,
  type VaultRoot,
  type VaultStore,
  type VaultSubject,
} from '@sallyport/core'
import { guarded, inTransaction, openVaultFile } from './open-vault-file.ts'

const KEYS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS root (id INTEGER PRIMARY KEY CHECK (id = 1), generation INTEGER NOT NULL, version INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS subject (lookup TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS data_key (id TEXT PRIMARY KEY, slot TEXT NOT NULL, class TEXT NOT NULL, month TEXT NOT NULL, sealed BLOB NOT NULL, UNIQUE (slot, class, month)) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS data_key_month ON data_key (class, month, id);
  CREATE TABLE IF NOT EXISTS closed_slot (slot TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`
const CONTENTS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS content (id TEXT PRIMARY KEY, key TEXT NOT NULL, slot TEXT NOT NULL, class TEXT NOT NULL, month TEXT NOT NULL, sealed BLOB NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS content_key ON content (key);
  CREATE INDEX IF NOT EXISTS content_slot ON content (slot, class, month)`

/**
 * The vault in two SQLite files: keys, and contents. They are apart so that backups can be: a copy of the contents alone says
 * nothing, and copies of the keys must not outlive the retention that `docs/operating/erasure.md` states.
 * @throws GatewayError `STORE_LOCKED`, `VAULT_UNAVAILABLE`
 */
export function openSqliteVault(files: { readonly keys: string; readonly contents: string }): VaultStore {
  const keys = openVaultFile(files.keys, KEYS_SCHEMA)
  let contents: DatabaseSync
  try {
    contents = openVaultFile(files.contents, CONTENTS_SCHEMA)
  } catch (error) {
    keys.close()
    throw error
  }
  return {
    ...keyRows(keys),
    ...contentRows(contents, (id) => keys.prepare('SELECT 1 AS there FROM data_key WHERE id = ?').get(id) !== undefined),
    async drop(ids) {
      // Keys go last: contents are found by them, so what a crash leaves in between is found again.
      const dropped = inTransaction(contents, () => {
        const remove = contents.prepare('DELETE FROM content WHERE key = ?')
        return ids.reduce((sum, id) => sum + Number(remove.run(id).changes), 0)
      })
      inTransaction(keys, () => {
        const remove = keys.prepare('DELETE FROM data_key WHERE id = ?')
        for (const id of ids) remove.run(id)
      })
      return dropped
    },
    async close() {
      for (const database of [keys, contents]) if (database.isOpen) database.close()
    },
  }
}

type KeyRows = Omit<VaultStore, 'addContent' | 'content' | 'counts' | 'drop' | 'close'>

function keyRows(database: DatabaseSync): KeyRows {
  const root = (): VaultRoot | undefined =>
    guarded(() => database.prepare('SELECT generation, version, bytes FROM root').get()) as VaultRoot | undefined
  const subject = (lookup: string): VaultSubject | undefined =>
    guarded(() => database.prepare('SELECT lookup, sealed FROM subject WHERE lookup = ?').get(lookup)) as VaultSubject | undefined
  const key = (where: string, ...values: string[]): VaultKey | undefined =>
    guarded(() => database.prepare(`SELECT id, slot, class, month, sealed FROM data_key WHERE ${where}`).get(...values)) as
      | VaultKey
      | undefined
  const findKey = ({ slot, class: of, month }: Pick<VaultKey, 'slot' | 'class' | 'month'>) =>
    key('slot = ? AND class = ? AND month = ?', slot, of, month)
  const requireGeneration = (generation: number): void => {
    if (root()?.generation !== generation) throw new GatewayError('STORE_MOVED', 'the root of the vault was turned meanwhile')
  }
  return {
    root: async () => root(),
    subject: async (lookup) => subject(lookup),
    findKey: async (at) => findKey(at),
    key: async (id) => key('id = ?', id),
    async turn(next, rewrap) {
      inTransaction(database, () => {
        if ((root()?.generation ?? 0) + 1 !== next.generation)
          throw new GatewayError('STORE_MOVED', 'the root of the vault was turned meanwhile')
        database
          .prepare('INSERT OR REPLACE INTO root (id, generation, version, bytes) VALUES (1, ?, ?, ?)')
          .run(next.generation, next.version, next.bytes)
        rewrapAll(database, rewrap)
      })
    },
    async addSubject(row, generation) {
      return inTransaction(database, () => {
        requireGeneration(generation)
        database.prepare('INSERT INTO subject (lookup, sealed) VALUES (?, ?) ON CONFLICT DO NOTHING').run(row.lookup, row.sealed)
        return subject(row.lookup) ?? row
      })
    },
    async removeSubject(lookup) {
      inTransaction(database, () => database.prepare('DELETE FROM subject WHERE lookup = ?').run(lookup))
    },
    async addKey(row, generation) {
      return inTransaction(database, () => {
        requireGeneration(generation)
        if (database.prepare('SELECT 1 AS there FROM closed_slot WHERE slot = ?').get(row.slot))
          throw new GatewayError('STORE_MOVED', 'the person was erased meanwhile')
        database
          .prepare('INSERT INTO data_key (id, slot, class, month, sealed) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING')
          .run(row.id, row.slot, row.class, row.month, row.sealed)
        return findKey(row) ?? row
      })
    },
    async keys(of: KeysOf, after = '') {
      const [where, values] = 'slot' in of ? ['slot = ?', [of.slot]] : ['class = ? AND month < ?', [of.class, of.beforeMonth]]
      const sql = `SELECT id, slot, class, month, sealed FROM data_key WHERE ${where} AND id > ? ORDER BY id LIMIT ${KEYS_LISTED_MAX}`
      return guarded(() => database.prepare(sql).all(...values, after)) as unknown as VaultKey[]
    },
    async closeSlot(slot) {
      inTransaction(database, () => database.prepare('INSERT INTO closed_slot (slot) VALUES (?) ON CONFLICT DO NOTHING').run(slot))
    },
  }
}

function rewrapAll(database: DatabaseSync, rewrap: Parameters<VaultStore['turn']>[1]): void {
  const setSubject = database.prepare('UPDATE subject SET sealed = ? WHERE lookup = ?')
  const setKey = database.prepare('UPDATE data_key SET sealed = ? WHERE id = ?')
  // Read whole before the first write: a cursor must not meet what it wrote.
  for (const row of database.prepare('SELECT lookup, sealed FROM subject').all() as unknown as VaultSubject[])
    setSubject.run(rewrap({ kind: 'subject', ...row }), row.lookup)
  for (const row of database.prepare('SELECT id, slot, class, month, sealed FROM data_key').all() as unknown as VaultKey[])
    setKey.run(rewrap({ kind: 'key', ...row }), row.id)
}

function contentRows(
  database: DatabaseSync,
  hasKey: (id: string) => boolean,
): Pick<VaultStore, 'addContent' | 'content' | 'counts'> {
  return {
    async addContent({ id, key, slot, class: of, month, sealed }) {
      inTransaction(database, () => {
        if (!hasKey(key)) throw new GatewayError('STORE_MOVED', 'the data key is gone')
        database
          .prepare('INSERT INTO content (id, key, slot, class, month, sealed) VALUES (?, ?, ?, ?, ?, ?)')
          .run(id, key, slot, of, month, sealed)
      })
    },
    async content(id) {
      return guarded(() => database.prepare('SELECT id, key, slot, class, month, sealed FROM content WHERE id = ?').get(id)) as
        | VaultContent
        | undefined
    },
    async counts(slot) {
      const sql =
        'SELECT class, month, count(*) AS contents, sum(length(sealed)) AS bytes FROM content WHERE slot = ? GROUP BY class, month ORDER BY class, month'
      return guarded(() => database.prepare(sql).all(slot)) as unknown as VaultCount[]
    },
  }
}
