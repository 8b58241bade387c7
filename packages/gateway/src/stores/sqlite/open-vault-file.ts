import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { GatewayError } from '@sallyport/core'

/** "SLLV": a database of another program, or another of ours, is refused. */
const APPLICATION_ID = 0x534c4c56
const SCHEMA_VERSION = 1

/**
 * Opens one database of the vault, 0600, held by this process alone. What is deleted is overwritten with zeros
 * (`secure_delete`), and no write-ahead log keeps older pages around.
 * @throws GatewayError `STORE_LOCKED`; `VAULT_UNAVAILABLE` when it is damaged or not ours.
 */
export function openVaultFile(file: string, schema: string): DatabaseSync {
  if (!existsSync(file)) {
    writeFileSync(file, '', { mode: 0o600, flag: 'wx' })
    chmodSync(file, 0o600)
  }
  const database = guarded(() => new DatabaseSync(file, { timeout: 0 }))
  try {
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF',
    )
    database.exec('BEGIN EXCLUSIVE')
    const found = pragma(database, 'application_id')
    if ((found !== 0 && found !== APPLICATION_ID) || pragma(database, 'user_version') > SCHEMA_VERSION)
      throw new GatewayError('VAULT_UNAVAILABLE', `${file}: of another program or a newer version`)
    database.exec(schema)
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
    return database
  } catch (cause) {
    database.close()
    throw translate(cause)
  }
}

/** Runs a statement; what goes wrong is an expected failure without the file's words. */
export function guarded<T>(run: () => T): T {
  try {
    return run()
  } catch (cause) {
    throw translate(cause)
  }
}

/** All of it or nothing, durable afterwards. */
export function inTransaction<T>(database: DatabaseSync, run: () => T): T {
  return guarded(() => {
    database.exec('BEGIN IMMEDIATE')
    try {
      const answer = run()
      database.exec('COMMIT')
      return answer
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  })
}

function pragma(database: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0)
}

function translate(cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause
  const code = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : 0
  if (code === 5 || code === 6)
    return new GatewayError('STORE_LOCKED', 'another process holds the home folder; stop it, or use its control socket', { cause })
  return new GatewayError('VAULT_UNAVAILABLE', 'the vault cannot be used', { cause })
}
