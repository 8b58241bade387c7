import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

const ALERT = 21
const APPLICATION_DATA = 23
const HEADER_BYTES = 5
/** TLS 1.3 hides that a record is an alert, but not its length: two bytes, one for the type, a tag of at most 16. */
const HIDDEN_ALERT_BYTES_MAX = 2 + 1 + 16

/**
 * The bytes of a connection for TLS to run over, with a look at the last TLS record that came. The platform ends a stream in the
 * same way whether the other side said `close_notify` or was killed; only the record tells.
 * @see RFC 8446, sections 5.2 and 6.1; RFC 5246, section 7.2.1
 */
export function watchEnd(raw: Socket): { readonly stream: Duplex; hasAlertLast(): boolean } {
  let header = Buffer.alloc(0)
  /** Bytes of the current record still to come. */
  let left = 0
  let isAlert = false
  const stream = new Duplex({
    read: () => void raw.resume(),
    write: (chunk: Buffer, _encoding, done) => void raw.write(chunk, done),
    final: (done) => void raw.end(done),
    destroy: (error, done) => {
      raw.destroy()
      done(error)
    },
  })
  raw.on('data', (chunk: Buffer) => {
    look(chunk)
    if (!stream.push(chunk)) raw.pause()
  })
  raw.once('end', () => stream.push(null))
  raw.once('error', (error) => stream.destroy(error))
  raw.once('close', () => stream.destroy())
  return { stream, hasAlertLast: () => isAlert && left === 0 }

  function look(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (left > 0) {
        const skipped = Math.min(left, chunk.length - at)
        left -= skipped
        at += skipped
        continue
      }
      const more = chunk.subarray(at, at + HEADER_BYTES - header.length)
      header = Buffer.concat([header, more])
      at += more.length
      if (header.length < HEADER_BYTES) return
      left = header.readUInt16BE(3)
      isAlert = header[0] === ALERT || (header[0] === APPLICATION_DATA && left <= HIDDEN_ALERT_BYTES_MAX)
      header = Buffer.alloc(0)
    }
  }
}
