import { GatewayError } from '../errors.ts'
import { sha256 } from '../model/bytes.ts'
import { readHashes, type ReadFile } from './log-files.ts'
import { TILE_WIDTH } from './tiles.ts'
import type { Nodes } from './tree-proof.ts'
import { rootOf, type Sha256 } from './tree.ts'

/**
 * Nodes of the tree of `size` leaves, read from its hash tiles.
 * @throws GatewayError `AUDIT_INVALID` when a tile the tree needs is missing or malformed.
 */
export function tileNodes(read: ReadFile, size: number, sha: Sha256 = sha256): Nodes {
  const node = async (height: number, index: number): Promise<Uint8Array> => {
    const level = Math.floor(height / 8)
    const count = 2 ** (height % 8)
    const first = index * count
    const n = Math.floor(first / TILE_WIDTH)
    const width = Math.min(TILE_WIDTH, Math.floor(size / TILE_WIDTH ** level) - n * TILE_WIDTH)
    const hashes = await readHashes(read, { level, n, width })
    const wanted = hashes?.slice(first % TILE_WIDTH, (first % TILE_WIDTH) + count)
    if (wanted?.length !== count) throw new GatewayError('AUDIT_INVALID', 'a hash tile of the log is missing or malformed')
    return rootOf(wanted, sha)
  }
  return { read: node, sha }
}
