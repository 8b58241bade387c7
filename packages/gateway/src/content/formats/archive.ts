import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { Source } from '../read-content.ts'
import { openZip } from '../unpack-zip.ts'

/** An archive: its files are its parts. */
export async function readArchive({ bytes, budget, out, open }: Source): Promise<void> {
  const { files, problems } = openZip(bytes, budget)
  for (const problem of problems) out.trouble(problem)
  for (const { name, unpack } of files) {
    const file = unpack()
    out.show(`${name}\n`)
    if (typeof file === 'string') out.trouble(file)
    else await open(name, file)
    if (file === 'unpack_limit') return
  }
}

/** One packed file, of gzip or Zstandard. */
export async function readPacked({ bytes, sniffed, budget, out, open }: Source): Promise<void> {
  const maxOutputLength = Math.max(1, budget.unpackMax(bytes.length))
  try {
    const file = sniffed.type === 'gzip' ? gunzipSync(bytes, { maxOutputLength }) : zstdDecompressSync(bytes, { maxOutputLength })
    budget.takeUnpacked(file.length)
    await open('content', file)
  } catch (error) {
    out.trouble(error instanceof RangeError ? 'unpack_limit' : 'malformed')
  }
}
