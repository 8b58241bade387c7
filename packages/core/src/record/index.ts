/**
 * What the writer of a log needs, without the engine: it runs in a thread of its own, and what that loads is loaded, and kept in
 * memory, once more.
 */
export { type ErrorCode, GatewayError, isGatewayError } from '../errors.ts'
export { toHex } from '../model/bytes.ts'
export { type Checkpoint, CHECKPOINT_PATH, type LogKey, verifyCheckpoint } from './checkpoint.ts'
export { firstKept, parsePruned } from './kept-range.ts'
export { readBundle, type ReadFile, readHashes } from './log-files.ts'
export type { NoteKey } from './note.ts'
export { parseEntry } from './parse-entry.ts'
export { readEntries } from './read-entries.ts'
export { fromUtf8 } from './text.ts'
export { type HashTile, TileBuilder } from './tile-builder.ts'
export { tileNodes } from './tile-nodes.ts'
export { openBundlePath, parseBundle, parseHashes, TILE_WIDTH, tilePath } from './tiles.ts'
export { rootAt } from './tree-proof.ts'
export { leafHash, rootOf, sameBytes } from './tree.ts'
export type { TreeHead } from './tree-verify.ts'
