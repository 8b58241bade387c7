import { openBundlePath, parseBundle, parseHashes, TILE_WIDTH, tilePath, type Bundle, type TileName } from './tiles.ts'

/** Reads one file of a log by its path below the log's folder; `undefined` when there is none. */
export type ReadFile = (path: string) => Uint8Array | undefined | Promise<Uint8Array | undefined>

export interface FoundBundle extends Bundle {
  readonly source: 'full' | 'open' | 'partial'
  readonly bytes: Uint8Array
}

/**
 * The entries of bundle `n`: the full bundle, or the one still being filled, or, in a copy that has neither, the partial one
 * that a checkpoint of this size needs. A running log may finish a bundle between two looks, hence the second look.
 */
export async function readBundle(read: ReadFile, n: number, partial: number = 0): Promise<FoundBundle | undefined> {
  const full = tilePath({ level: 'entries', n, width: TILE_WIDTH })
  const sources: [FoundBundle['source'], string][] = [
    ['full', full],
    ['open', openBundlePath(n)],
    ['full', full],
  ]
  if (partial > 0) sources.push(['partial', tilePath({ level: 'entries', n, width: partial })])
  for (const [source, path] of sources) {
    const bytes = await read(path)
    if (bytes) return { source, bytes, ...parseBundle(bytes, TILE_WIDTH + 1) }
  }
  return undefined
}

/** The hashes of a tile, from the partial tile or from the full one; `undefined` when neither is there. */
export async function readHashes(read: ReadFile, tile: TileName & { level: number }): Promise<Uint8Array[] | undefined> {
  const { width } = tile
  const full = tilePath({ ...tile, width: TILE_WIDTH })
  if (width < TILE_WIDTH) {
    const partial = await read(tilePath(tile))
    if (partial) return parseHashes(partial, width)
  }
  const bytes = await read(full)
  return bytes && parseHashes(bytes, TILE_WIDTH)?.slice(0, width)
}
