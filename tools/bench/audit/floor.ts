import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

/**
 * The floor no log that is durable per group can get under: one append and one fdatasync for as many entries as
 * the log under test made durable together, again and again, in one file and one thread, with nothing built, hashed or answered.
 * It is under no log of C2SP tiles: a new bundle and its hash tile, every 256 entries, must be made durable beside it.
 * @returns Entries per second.
 */
export function floorPerS(dir: string, group: { readonly entries: number; readonly entryBytes: number }, forMs: number): number {
  const file = openSync(join(dir, `floor-${group.entries}`), 'a')
  // Entries lie in a bundle after their length in two bytes.
  const bytes = Buffer.alloc(group.entries * (group.entryBytes + 2), 7)
  const startMs = performance.now()
  let entries = 0
  for (; performance.now() - startMs < forMs; entries += group.entries) {
    writeSync(file, bytes)
    fdatasyncSync(file)
  }
  closeSync(file)
  return Math.round((entries / (performance.now() - startMs)) * 1_000)
}
