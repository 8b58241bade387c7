import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { sniff } from '@sallyport/core'
import type { Source } from '../read-content.ts'
import { EntitiesRefused, xmlText } from '../read-xml.ts'
import { openZip } from '../unpack-zip.ts'
import { decodeText } from './plain.ts'

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

/** An OpenDocument: words of its XML, whatever they look like; the rest as in any archive. @see ISO/IEC 26300. */
export async function readOpenDocument({ bytes, budget, out, open }: Source): Promise<void> {
  const { files, problems } = openZip(bytes, budget)
  for (const problem of problems) out.trouble(problem)
  for (const { name, unpack } of files) {
    const file = unpack()
    if (typeof file === 'string') out.trouble(file)
    else if (sniff(file).type !== 'xml') await open(name, file)
    else showXml(file, out)
    if (/^(?:Basic|Scripts)\//.test(name)) out.trouble('macros')
  }
}

function showXml(file: Uint8Array, out: Source['out']): void {
  try {
    out.show(xmlText(decodeText(file, sniff(file).encoding)))
  } catch (error) {
    out.trouble(error instanceof EntitiesRefused ? 'entities_refused' : 'malformed')
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
