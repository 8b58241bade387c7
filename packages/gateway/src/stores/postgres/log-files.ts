import {
  CHECKPOINT_PATH,
  encodeBundle,
  GatewayError,
  HASH_BYTES,
  openBundlePath,
  parseTilePath,
  TILE_WIDTH,
  type ReadFile,
  type TileName,
} from '@sallyport/core'
import type { Queries } from './open-pool.ts'

const OPEN_PREFIX = openBundlePath(0).slice(0, -1)

/**
 * The log in the database as the files of C2SP tlog-tiles, for whoever holds a login with the role `sallyport_auditor`.
 * @param auditor Absent where this process may not read the log: every read then fails with `AUDIT_FORBIDDEN`.
 */
export function postgresLogFiles(auditor: Queries | undefined, origin: string): ReadFile {
  const log = '(SELECT log FROM sallyport.audit_head WHERE origin = $1)'
  return (path) => {
    if (!auditor) return Promise.reject(new GatewayError('AUDIT_FORBIDDEN', 'this process may not read the audit log'))
    return read(auditor, path)
  }

  async function read(db: Queries, path: string): Promise<Uint8Array | undefined> {
    if (path === CHECKPOINT_PATH) {
      const { rows } = await db.query<{ checkpoint: string | null }>(
        'SELECT checkpoint FROM sallyport.audit_head WHERE origin = $1',
        [origin],
      )
      return rows[0]?.checkpoint ? Buffer.from(rows[0].checkpoint, 'utf8') : undefined
    }
    if (path.startsWith(OPEN_PREFIX)) return openBundle(db, path)
    const tile = parseTilePath(path)
    if (!tile) return undefined
    const { level } = tile
    return level === 'entries' ? entries(db, tile) : hashes(db, { ...tile, level })
  }

  async function openBundle(db: Queries, path: string): Promise<Uint8Array | undefined> {
    const n = Number(path.slice(OPEN_PREFIX.length))
    if (!Number.isSafeInteger(n) || openBundlePath(n) !== path) return undefined
    const found = await bundle(db, n)
    return found.length > 0 && !(await isFull(db, n, found.length)) ? encodeBundle(found) : undefined
  }

  async function entries(db: Queries, { n, width }: TileName): Promise<Uint8Array | undefined> {
    const found = await bundle(db, n)
    if (width < TILE_WIDTH) return found.length >= width ? encodeBundle(found.slice(0, width)) : undefined
    return found.length > 0 && (await isFull(db, n, found.length)) ? encodeBundle(found) : undefined
  }

  async function bundle(db: Queries, n: number): Promise<Uint8Array[]> {
    const sql = `SELECT bytes FROM sallyport.audit_entry WHERE log = ${log} AND index >= $2 AND index < $3 ORDER BY index`
    const { rows } = await db.query<{ bytes: Buffer }>(sql, [origin, n * TILE_WIDTH, (n + 1) * TILE_WIDTH])
    return rows.map(({ bytes }) => bytes)
  }

  /** A bundle whose tile is there was full, whatever is left of it. */
  async function isFull(db: Queries, n: number, count: number): Promise<boolean> {
    return count === TILE_WIDTH || (await storedTile(db, 0, n)) !== undefined
  }

  async function hashes(db: Queries, { level, n, width }: TileName & { level: number }): Promise<Uint8Array | undefined> {
    const stored = await storedTile(db, level, n)
    if (stored) return stored.length >= width * HASH_BYTES ? stored.subarray(0, width * HASH_BYTES) : undefined
    if (level > 0 || width === TILE_WIDTH) return undefined
    const sql = `SELECT leaf FROM sallyport.audit_entry WHERE log = ${log} AND index >= $2 AND index < $3 ORDER BY index`
    const { rows } = await db.query<{ leaf: Buffer }>(sql, [origin, n * TILE_WIDTH, n * TILE_WIDTH + width])
    return rows.length === width ? Buffer.concat(rows.map(({ leaf }) => leaf)) : undefined
  }

  async function storedTile(db: Queries, level: number, n: number): Promise<Buffer | undefined> {
    const sql = `SELECT hashes FROM sallyport.audit_tile WHERE log = ${log} AND level = $2 AND n = $3`
    const { rows } = await db.query<{ hashes: Buffer }>(sql, [origin, level, n])
    return rows[0]?.hashes
  }
}
