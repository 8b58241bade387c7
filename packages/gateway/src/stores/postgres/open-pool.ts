import { GatewayError } from '@sallyport/core'
import { Pool, type PoolClient } from 'pg'

/** Longest wait for a free or a new connection. */
export const CONNECT_MS_MAX = 5_000
/** Longest run of one statement, on this side and on the server's. */
const STATEMENT_MS_MAX = 5_000
/** A transaction that says nothing for this long is ended by the server: a stopped replica holds no lock. */
const IDLE_IN_TRANSACTION_MS_MAX = 1_000

export interface PoolOptions {
  /** `postgres://user:password@host/database`; `sslmode` and what else libpq knows may follow. */
  readonly url: string
  readonly connectionsMax: number
  readonly statementMs?: number
  readonly connectMs?: number
}

/** Runs one unnamed, parameterised statement; alone, it is a transaction of its own. */
export interface Queries {
  query<Row = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly Row[] }>
}

/** A bounded number of connections to one database. Nothing here keeps a state in a connection: a pooler may stand in between. */
export interface Database extends Queries {
  /** Several statements in one transaction. It ends when `run` is slow between two of them. */
  transact<T>(run: (queries: Queries) => Promise<T>): Promise<T>
  /** Waits for what is under way and ends every connection. */
  close(): Promise<void>
}

/**
 * Opens a pool; connects when it is first asked. Everything that fails is a GatewayError `STORE_UNAVAILABLE` without host, SQL or
 * values in its words; when a connection was lost on the way, nobody knows whether the statement was done. An error that a function
 * of ours raised (class `SY`) is passed on as the `cause`, see `raisedCode`.
 */
export function openPool({
  url,
  connectionsMax,
  statementMs = STATEMENT_MS_MAX,
  connectMs = CONNECT_MS_MAX,
}: PoolOptions): Database {
  const pool = new Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: connectMs,
    query_timeout: statementMs,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    allowExitOnIdle: true,
    application_name: 'sallyport',
  })
  // An idle connection that breaks is replaced when the next one is needed.
  pool.on('error', ignore)
  // From its first moment on: the server may say that it is ready and that it goes away in one packet, before anyone who waited
  // for the connection has had it.
  pool.on('connect', (client) => void client.on('error', ignore))

  async function withClient<T>(run: (client: PoolClient) => Promise<T>): Promise<T> {
    let client: PoolClient | undefined
    try {
      client = await pool.connect()
      const answer = await run(client)
      client.release()
      return answer
    } catch (error) {
      // A statement the server refused leaves a sound connection; anything else may have left half an answer in it.
      client?.release(sqlState(error) === undefined)
      throw unavailable(error)
    }
  }

  const on = (client: PoolClient): Queries => ({
    query: async (sql, values) => {
      const { rows } = await client.query(sql, values as unknown[] | undefined)
      return { rows }
    },
  })

  return {
    query: (sql, values) => withClient((client) => on(client).query(sql, values)),
    transact: (run) => withClient((client) => transact(client, () => run(on(client)), statementMs)),
    close: () => pool.end(),
  }
}

async function transact<T>(client: PoolClient, run: () => Promise<T>, statementMs: number): Promise<T> {
  // Set for this transaction alone: a pooler in transaction mode would carry a session's settings to somebody else.
  await client.query(
    `BEGIN; SET LOCAL statement_timeout = ${statementMs}; SET LOCAL idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS_MAX}`,
  )
  try {
    const answer = await run()
    // Where a statement failed before, the server answers COMMIT with ROLLBACK and calls that no error.
    const { command } = await client.query('COMMIT')
    if (command !== 'COMMIT') throw new GatewayError('STORE_UNAVAILABLE', 'the database undid the transaction')
    return answer
  } catch (error) {
    if (sqlState(error) !== undefined || error instanceof GatewayError) await client.query('ROLLBACK')
    throw error
  }
}

/** SQLSTATE of an error of ours that a statement raised, such as `SY001`; `undefined` for any other failure. */
export function raisedCode(error: unknown): string | undefined {
  const code = sqlState(error instanceof Error ? error.cause : undefined)
  return code?.startsWith('SY') === true ? code : undefined
}

/** Five characters by which the server says what it refused; absent when the connection failed. */
function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  // 57P01 to 57P03: the server ends this connection. Class 08: it is broken already.
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^(?:57P|08)/.test(code) ? code : undefined
}

function unavailable(cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause
  return new GatewayError('STORE_UNAVAILABLE', 'the database cannot be used', { cause })
}

function ignore(): void {}
