import {
  firstKept,
  GatewayError,
  isGatewayError,
  parseNote,
  sameBytes,
  TILE_WIDTH,
  tilePath,
  utf8,
  type ReadFile,
} from '@sallyport/core'
import type { Anchor, AnchorTarget } from '../../anchor.ts'
import type { S3AnchorConfig } from '../../config-anchors.ts'
import { openPool } from '../../egress.ts'
import { poolHandler } from './http-handler.ts'

const DAY_MS = 86_400_000
/** Digits of a size in the name of a checkpoint, so that names sort as sizes do. */
const SIZE_DIGITS = 16
/** Objects sent at the same time. */
const PUTS_AT_ONCE = 8
const ATTEMPTS_MAX = 3

/**
 * Copies checkpoints and full tiles into a bucket with Object Lock. Nothing is ever overwritten: every put is conditional, and what is
 * there already must be the same.
 */
export async function openS3Anchor(
  config: S3AnchorConfig,
  deps: { readonly origin: string; readonly nowMs: () => number },
): Promise<Anchor> {
  const endpoint = new URL(config.endpoint ?? `https://s3.${config.region}.amazonaws.com`)
  const pool = openPool(endpoint, config.allowPrivateNetwork)
  // Loaded here, so that a gateway without this anchor does not pay for the SDK.
  const { S3Client, PutObjectCommand, GetObjectCommand } = await import('@aws-sdk/client-s3')
  const client = new S3Client({
    region: config.region,
    endpoint: endpoint.origin,
    // The host stays the endpoint's, the only one the pool goes to.
    forcePathStyle: true,
    credentials: {
      accessKeyId: config.accessKeyId,
      secretAccessKey: config.secretAccessKey,
      ...(config.sessionToken && { sessionToken: config.sessionToken }),
    },
    requestHandler: poolHandler(pool, endpoint.origin) as never,
    maxAttempts: ATTEMPTS_MAX,
  })
  const prefix = `${config.prefix}${deps.origin}/`

  async function put(name: string, bytes: Uint8Array, isSame: (found: Uint8Array) => boolean): Promise<void> {
    const at = { Bucket: config.bucket, Key: prefix + name }
    const until = new Date(deps.nowMs() + config.retainDays * DAY_MS)
    const lock = {
      ObjectLockMode: config.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
      ObjectLockRetainUntilDate: until,
    } as const
    try {
      await client.send(new PutObjectCommand({ ...at, ...lock, Body: bytes, IfNoneMatch: '*' }))
    } catch (error) {
      if (statusOf(error) !== 412) throw upstream(error)
      const { Body } = await client.send(new GetObjectCommand(at)).catch((cause: unknown) => Promise.reject(upstream(cause)))
      const found = await Body?.transformToByteArray()
      if (!found || !isSame(found)) throw new GatewayError('AUDIT_INVALID', 'the bucket holds another log in this place')
    }
  }

  async function copyTiles({ files, since, head }: AnchorTarget): Promise<void> {
    const kept = await firstKept(files)
    const names = tilesBetween(since, head.size).filter(
      ({ level, n }) => level !== 'entries' || (config.bundles && n * TILE_WIDTH >= kept),
    )
    for (let first = 0; first < names.length; first += PUTS_AT_ONCE) {
      await Promise.all(
        names.slice(first, first + PUTS_AT_ONCE).map(async (name) => {
          const path = tilePath(name)
          const bytes = await readTile(files, path)
          await put(path, bytes, (found) => sameBytes(found, bytes))
        }),
      )
    }
  }

  return {
    id: 's3',
    async anchor(target) {
      // Tiles first: a checkpoint in the bucket then means that all it covers is there too.
      await copyTiles(target)
      const text = parseNote(target.note)?.text
      const name = `checkpoint/${String(target.head.size).padStart(SIZE_DIGITS, '0')}`
      // Cosignatures may differ; what the checkpoint states may not.
      await put(
        name,
        utf8(target.note),
        (found) => text !== undefined && parseNote(Buffer.from(found).toString('utf8'))?.text === text,
      )
    },
    async close() {
      client.destroy()
      await pool.close()
    },
  }
}

/** Full tiles that a tree of `size` leaves has and one of `since` leaves had not, entry bundles first. */
function tilesBetween(since: number, size: number): { level: number | 'entries'; n: number; width: number }[] {
  const levels: (number | 'entries')[] = ['entries']
  for (let level = 0; TILE_WIDTH ** (level + 1) <= size; level++) levels.push(level)
  return levels.flatMap((level) => {
    const span = TILE_WIDTH ** ((level === 'entries' ? 0 : level) + 1)
    const from = Math.floor(since / span)
    return Array.from({ length: Math.max(0, Math.floor(size / span) - from) }, (_, i) => ({
      level,
      n: from + i,
      width: TILE_WIDTH,
    }))
  })
}

async function readTile(files: ReadFile, path: string): Promise<Uint8Array> {
  const bytes = await files(path)
  if (!bytes) throw new GatewayError('AUDIT_INVALID', 'a tile that the checkpoint covers is missing')
  return bytes
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode
}

/** The SDK's messages may hold what was sent. */
function upstream(cause: unknown): GatewayError {
  if (isGatewayError(cause)) return cause
  const status = statusOf(cause)
  const name = cause instanceof Error && /^[A-Za-z]{1,60}$/.test(cause.name) ? cause.name : 'error'
  return new GatewayError('UPSTREAM_UNAVAILABLE', `the bucket refused: ${name}${status === undefined ? '' : ` (${status})`}`, {
    cause,
  })
}
