import { connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { SyslogSink } from '../../config-sinks.ts'
import { defineSink, writeRecords } from '../../define-sink.ts'
import { checkedLookup, requireAllowed } from '../../egress.ts'
import { readCa, unavailable } from '../../http-destination.ts'
import { watchEnd } from './watch-end.ts'

const SILENCE_MS_MAX = 10_000

/**
 * Syslog over TLS with octet counting. Syslog has no acknowledgement; what comes nearest is the receiver’s `close_notify` in answer
 * to ours, which it sends once it has read everything before it. So every batch has a connection of its own, with the session
 * resumed, and counts as delivered by that answer alone: a receiver that was killed gives none.
 * @see RFC 5425, sections 4.3 and 4.4; RFC 5424
 */
export const syslog = defineSink<SyslogSink>({
  id: 'syslog',
  eventsMax: 256,
  open(config, deps) {
    requireAllowed(config.server, config.allowPrivateNetwork)
    const ca = readCa(config.caFile)
    const lookup = checkedLookup(config.allowPrivateNetwork)
    let session: Buffer | undefined

    async function send(frames: string, signal: AbortSignal): Promise<void> {
      const raw = connectTcp({ host: config.server, port: config.port, lookup, signal, noDelay: true })
      raw.setTimeout(SILENCE_MS_MAX, () => raw.destroy(new Error('the syslog server says nothing')))
      const { stream, hasAlertLast } = watchEnd(raw)
      const socket = connectTls({
        socket: stream,
        minVersion: 'TLSv1.2',
        host: config.server,
        ...(ca !== undefined && { ca }),
        ...(session && { session }),
        ...(isIP(config.server) === 0 && { servername: config.server }),
      })
      try {
        await new Promise<void>((resolve, reject) => {
          const settle = (): void => (hasAlertLast() ? resolve() : reject(new Error('the syslog server broke the connection off')))
          // An error may come on either layer first; the first one counts.
          for (const layer of [raw, stream, socket]) layer.on('error', reject)
          socket.on('session', (fresh) => {
            session = fresh
          })
          socket.once('secureConnect', () => socket.end(frames))
          socket.once('end', settle)
          socket.once('close', settle)
          // Nothing is expected from the server but its end.
          socket.resume()
        })
      } finally {
        socket.destroy()
        raw.destroy()
      }
    }

    return {
      async send(events, signal) {
        const frames = writeRecords(events, deps).map((record) => `${Buffer.byteLength(record)} ${record}`)
        if (frames.length === 0) return
        try {
          await send(frames.join(''), signal)
        } catch (error) {
          session = undefined
          throw unavailable(error)
        }
      },
      close: () => Promise.resolve(),
    }
  },
})
