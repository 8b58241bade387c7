import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { verifyLog } from '@sallyport/core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Anchor } from '../../anchor.ts'
import { S3AnchorConfig } from '../../config-anchors.ts'
import type { LogStore } from '../../log-store.ts'
import { openFileLog } from '../../stores/files/file-log.ts'
import { admin, ORIGIN, SIGNER } from '../../stores/files/fixtures/sample.ts'
import { directWriter } from '../../stores/files/writer-link.ts'
import { startBucketServer, type BucketServer } from './fixtures/bucket-server.ts'
import { findServers, SECRETS, startRealServer } from './fixtures/real-server.ts'
import { openS3Anchor } from './index.ts'

const DAY_MS = 86_400_000

let dir = ''
const opened: { close(): Promise<void> }[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-anchor-'))
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
  rmSync(dir, { recursive: true, force: true })
})

async function openLog(folder = 'log', verb = 'v'): Promise<LogStore> {
  const log = await openFileLog({
    dir: join(dir, folder),
    origin: ORIGIN,
    signer: SIGNER,
    checkpointMs: 60_000,
    nowMs: Date.now,
    writer: directWriter(),
  })
  opened.push(log)
  await Promise.all(Array.from({ length: 600 }, (_, i) => log.append(admin(`${verb}${i}`))))
  await log.checkpoint()
  return log
}
async function openAnchor(endpoint: string, more: object = {}): Promise<Anchor> {
  const config = S3AnchorConfig.parse({ type: 's3', bucket: 'evidence', endpoint, ...SECRETS, retainDays: 30, ...more })
  const anchor = await openS3Anchor(config, { origin: ORIGIN, nowMs: Date.now })
  opened.push(anchor)
  return anchor
}
const give = (anchor: Anchor, log: LogStore, since = 0): Promise<void> =>
  anchor.anchor({ note: log.head().note, head: log.head(), files: log.files, since })

describe('against a server of ours on the wire of the SDK', () => {
  let bucket: BucketServer
  beforeEach(async () => {
    bucket = await startBucketServer()
    opened.push(bucket)
  })

  test('R117: checkpoints and full tiles are put once, locked, tiles before the checkpoint', async () => {
    const log = await openLog()
    await give(await openAnchor(bucket.url), log)
    const names = [...bucket.objects.keys()].map((key) => key.slice(ORIGIN.length + 1))
    expect(names.toSorted()).toEqual([
      'checkpoint/0000000000000600',
      'tile/0/000',
      'tile/0/001',
      'tile/entries/000',
      'tile/entries/001',
    ])
    expect(names.at(-1)).toBe('checkpoint/0000000000000600')
    for (const { mode, until } of bucket.objects.values()) {
      expect(mode).toBe('COMPLIANCE')
      expect(Date.parse(until)).toBeGreaterThan(Date.now() + 29 * DAY_MS)
    }
  })

  test('R117: it goes on where it stopped, and doing it again changes nothing', async () => {
    const log = await openLog()
    const anchor = await openAnchor(bucket.url)
    await give(anchor, log)
    const before = new Map(bucket.objects)
    bucket.seen.length = 0
    await give(anchor, log, 600)
    expect(bucket.seen.filter((line) => line.startsWith('PUT'))).toHaveLength(1)
    await give(anchor, log, 0)
    expect(bucket.objects).toEqual(before)
  })

  test('R117: a log that was rewritten contradicts the bucket', async () => {
    const anchor = await openAnchor(bucket.url)
    await give(anchor, await openLog())
    await expect(give(anchor, await openLog('forged', 'w'))).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
  })

  test('entries stay at home where that is configured, and governance mode is asked for', async () => {
    await give(await openAnchor(bucket.url, { bundles: false, mode: 'governance', prefix: 'prod/' }), await openLog())
    expect([...bucket.objects.keys()].every((key) => key.startsWith(`prod/${ORIGIN}/`) && !key.includes('entries'))).toBe(true)
    expect(new Set([...bucket.objects.values()].map(({ mode }) => mode))).toEqual(new Set(['GOVERNANCE']))
  })

  test('R235: failures name the status and hold no secret; private addresses are refused', async () => {
    bucket.fail = 403
    const error: Error = await give(await openAnchor(bucket.url), await openLog()).then(
      () => new Error('it went through'),
      (cause: Error) => cause,
    )
    expect(error).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', message: expect.stringContaining('403') })
    expect(error.message).not.toContain(SECRETS.secretAccessKey)
    await expect(openAnchor('https://10.0.0.1')).rejects.toMatchObject({ code: 'CONFIG_INSECURE' })
    await expect(openAnchor('https://169.254.169.254', { allowPrivateNetwork: true })).rejects.toMatchObject({
      code: 'CONFIG_INSECURE',
    })
  })
})

const servers = findServers()
test.skipIf(servers.length > 0)('no S3-compatible server is installed here: minio or moto_server', () => undefined)

describe.each(servers)('against %s', (program) => {
  let server: Awaited<ReturnType<typeof startRealServer>>
  let client: S3Client
  beforeAll(async () => {
    server = await startRealServer(program)
    client = new S3Client({ region: 'us-east-1', endpoint: server.url, forcePathStyle: true, credentials: { ...SECRETS } })
    await client.send(new CreateBucketCommand({ Bucket: 'evidence', ObjectLockEnabledForBucket: true }))
  })
  afterAll(() => server?.close())

  test('R117: what is in the bucket cannot be removed, and convicts an administrator who rewrites the log', async () => {
    const log = await openLog()
    const anchor = await openAnchor(server.url)
    await give(anchor, log)
    await give(anchor, log)
    const Bucket = 'evidence'
    const Key = `${ORIGIN}/checkpoint/0000000000000600`
    expect((await client.send(new HeadObjectCommand({ Bucket, Key }))).ObjectLockMode).toBe('COMPLIANCE')
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }))
    expect(Versions).toHaveLength(1)
    const [version] = Versions
    await expect(client.send(new DeleteObjectCommand({ Bucket, Key, VersionId: version?.VersionId }))).rejects.toMatchObject({
      name: expect.stringMatching(/^(?:AccessDenied|ObjectLocked|InvalidRequest)$/),
    })
    await expect(client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', IfNoneMatch: '*' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 412 },
    })

    const forged = await openLog('forged', 'w')
    await expect(give(anchor, forged)).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: `${ORIGIN}/checkpoint/` }))
    const known = await Promise.all(
      Contents.map(
        async (object) => (await client.send(new GetObjectCommand({ Bucket, Key: object.Key }))).Body?.transformToString() ?? '',
      ),
    )
    const trusted = { origin: ORIGIN, keys: [log.key] }
    // With the key in hand the forged log is whole in itself; only what lies in the bucket tells.
    expect(await verifyLog(forged.files, trusted)).toMatchObject({ ok: true })
    expect(await verifyLog(forged.files, { ...trusted, known })).toMatchObject({ ok: false, problems: [{ reason: 'rolled_back' }] })
    expect(await verifyLog(log.files, { ...trusted, known })).toMatchObject({ ok: true })
  })
})
