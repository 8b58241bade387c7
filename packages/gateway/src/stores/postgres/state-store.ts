import { GatewayError, type Json, type StateStore } from '@sallyport/core'
import { z } from 'zod'
import { encodeChanges } from '../../encode-changes.ts'
import { raisedCode, type Database } from './open-pool.ts'

const HeadRow = z.object({ revision: z.coerce.number().int(), complete: z.boolean() })
const RecordRow = z.object({ kind: z.string(), key: z.string(), value: z.string().nullable() })

/**
 * The state in PostgreSQL, shared by all gateways over one database. Reading and committing are one statement each.
 * @param asking Connections for reading alone: commits that wait must not make what is known here too old to act on.
 * @throws GatewayError from every call: `STORE_UNAVAILABLE` also when the connection was lost and nobody knows what became of it
 */
export function openPostgresState(database: Database, asking: Database = database): StateStore {
  return {
    isShared: true,
    async since(revision) {
      const { rows } = await asking.query('SELECT revision, complete, kind, key, value FROM sallyport.state_since($1)', [revision])
      return readDelta(rows)
    },
    async commit(changes, basis) {
      const texts = encodeChanges(changes)
      const columns = [
        changes.map(({ op }) => op),
        changes.map(({ kind }) => kind),
        changes.map(({ key }) => JSON.stringify(key)),
        texts,
      ]
      try {
        const { rows } = await database.query<{ revision: string }>(
          'SELECT sallyport.commit_state($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint) AS revision',
          [...columns, basis ?? null],
        )
        return Number(rows[0]?.revision)
      } catch (error) {
        throw translate(error)
      }
    },
    async close() {
      await Promise.all([...new Set([database, asking])].map((one) => one.close()))
    },
  }
}

function readDelta(rows: readonly unknown[]) {
  try {
    const head = HeadRow.parse(rows[0])
    const records = rows.filter(isRecord).map(readRecord)
    records.sort((a, b) => compare(a.kind, b.kind) || compare(a.key, b.key))
    return { revision: head.revision, isComplete: head.complete, records }
  } catch (cause) {
    throw new GatewayError('STORE_UNAVAILABLE', 'the state holds a damaged record', { cause })
  }
}

/** Nothing newer leaves one row with the head alone. */
function isRecord(row: unknown): boolean {
  return typeof row === 'object' && row !== null && 'kind' in row && row.kind !== null
}

function readRecord(row: unknown): { readonly kind: string; readonly key: string; readonly value?: Json } {
  const { kind, key, value } = RecordRow.parse(row)
  const name = { kind, key: z.string().parse(JSON.parse(key)) }
  return value === null ? name : { ...name, value: JSON.parse(value) as Json }
}

function translate(error: unknown): unknown {
  const code = raisedCode(error)
  if (code === 'SY001') return new GatewayError('CONFLICT', 'the record exists already')
  if (code === 'SY002') return new GatewayError('STORE_MOVED', 'another replica changed the state meanwhile; ask again')
  return error
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
