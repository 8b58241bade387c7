import { open, readdir, rename, rm, stat, truncate } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { GatewayError } from '@sallyport/core'
import type { FileSink } from '../../config-sinks.ts'
import { defineSink, writeRecords } from '../../define-sink.ts'

/** Bytes read backwards at a time when the end of a file is looked at. */
const TAIL_BYTES = 65_536
const NEWLINE = 10

/** Appends lines to a file and makes them durable; a full file is renamed and a new one begun. */
export const file = defineSink<FileSink>({
  id: 'file',
  eventsMax: 256,
  open(config, deps) {
    let isWhole = false
    return {
      async send(events) {
        const lines = writeRecords(events, deps)
        if (lines.length === 0) return
        try {
          if (!isWhole) await cutTornLine(config.path)
          isWhole = false
          // Before the lines and not after: when it fails, none of them are in a file yet.
          if ((await sizeOf(config.path)) >= config.rotateBytes) await rotate(config.path, config.filesMax)
          await append(config.path, Buffer.from(`${lines.join('\n')}\n`))
          isWhole = true
        } catch (cause) {
          throw new GatewayError('SINK_UNAVAILABLE', 'the file cannot be written', { cause })
        }
      },
      close: () => Promise.resolve(),
    }
  },
})

/** Opened for each batch, so that a file somebody else moved away is begun anew. */
async function append(path: string, bytes: Buffer): Promise<void> {
  const handle = await open(path, 'a', 0o600)
  try {
    const { size } = await handle.stat()
    await handle.appendFile(bytes)
    await handle.datasync()
    if (size === 0) await syncFolder(dirname(path))
  } finally {
    await handle.close()
  }
}

/** A crash can leave half a line; it comes again as a whole one. */
async function cutTornLine(path: string): Promise<void> {
  const size = await sizeOf(path)
  if (size === 0) return
  const handle = await open(path, 'r')
  try {
    for (let end = size; end > 0;) {
      const start = Math.max(0, end - TAIL_BYTES)
      const { buffer } = await handle.read(Buffer.alloc(end - start), 0, end - start, start)
      const at = buffer.lastIndexOf(NEWLINE)
      if (at >= 0) return await truncate(path, start + at + 1)
      end = start
    }
    await truncate(path, 0)
  } finally {
    await handle.close()
  }
}

/** 0 where there is none. */
function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (found) => found.size,
    () => 0,
  )
}

async function rotate(path: string, filesMax: number): Promise<void> {
  const dir = dirname(path)
  const prefix = `${basename(path)}.`
  const numbers = (await readdir(dir))
    .filter((name) => name.startsWith(prefix) && /^[0-9]{1,12}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => a - b)
  await rename(path, `${path}.${(numbers.at(-1) ?? 0) + 1}`)
  for (const old of numbers.slice(0, Math.max(0, numbers.length + 1 - filesMax))) await rm(join(dir, `${prefix}${old}`))
  await syncFolder(dir)
}

async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
