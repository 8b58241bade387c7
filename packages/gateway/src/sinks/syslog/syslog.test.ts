import { writeFileSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sampleEvents } from '../../../../core/src/observe/fixtures/samples.ts'
import { SinkConfig } from '../../config-sinks.ts'
import { selfSigned } from '../../fixtures/self-signed.ts'
import { tempFolder } from '../../fixtures/world.ts'
import { openTestSink } from '../sinks.contract.ts'

const tls = selfSigned()
const events = sampleEvents()
let folder: ReturnType<typeof tempFolder>
const closing: (() => void)[] = []
beforeEach(() => {
  folder = tempFolder()
  writeFileSync(join(folder.path, 'ca.pem'), tls.cert)
})
afterEach(() => {
  for (const close of closing.splice(0)) close()
  folder.remove()
})

/** Sends to a server that ends as it is told; says how that went. */
async function sent(version: 'TLSv1.2' | 'TLSv1.3', end: 'orderly' | 'killed at once' | 'killed after reading'): Promise<string> {
  const raws: Socket[] = []
  const server = createServer({ ...tls, minVersion: version, maxVersion: version }, (socket) => {
    socket.on('error', () => undefined)
    const kill = (): void => raws.forEach((raw) => void raw.end())
    if (end === 'killed at once') kill()
    if (end === 'killed after reading') socket.once('data', kill)
    socket.resume()
  })
  server.on('connection', (raw: Socket) => raws.push(raw.on('error', () => undefined)))
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  closing.push(() => {
    server.close()
    for (const raw of raws) raw.destroy()
  })
  const { port } = server.address() as AddressInfo
  const config = { type: 'syslog', id: 'a', server: '127.0.0.1', port, caFile: join(folder.path, 'ca.pem') }
  const sink = openTestSink(SinkConfig.parse(config))
  return sink.send(events, AbortSignal.timeout(10_000)).then(
    () => 'sent',
    (error: { code: string }) => error.code,
  )
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('R137: syslog over %s', (version) => {
  test('counts as delivered when the receiver answers our close_notify with its own', async () => {
    expect(await sent(version, 'orderly')).toBe('sent')
  })
  test.each(['killed at once', 'killed after reading'] as const)('does not when the receiver was %s', async (end) => {
    expect(await sent(version, end)).toBe('SINK_UNAVAILABLE')
  })
})
