import { isAscii, isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'

/**
 * Reads a stream whole. Listeners instead of an async iterator: this is on the path of every call.
 * @param count Called with the size of each chunk before it is kept; what it throws ends the reading and is what this rejects with.
 * @returns The bytes, or rejects when the stream breaks off.
 */
export function collect(stream: Readable, count: (bytes: number) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const settle = (finish: () => void): void => {
      stream.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose)
      finish()
    }
    const onData = (chunk: Buffer): void => {
      try {
        count(chunk.length)
        chunks.push(chunk)
      } catch (error) {
        stream.pause()
        settle(() => reject(error))
      }
    }
    const onEnd = (): void => settle(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
    const onError = (error: Error): void => settle(() => reject(error))
    const onClose = (): void => settle(() => reject(new Error('the stream ended early')))
    stream.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
  })
}

/** The text of UTF-8 bytes, byte order mark included; `undefined` when they are not UTF-8. */
export function decodeUtf8(bytes: Buffer): string | undefined {
  if (isAscii(bytes)) return bytes.toString('latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}
