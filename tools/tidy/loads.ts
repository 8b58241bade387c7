import { readFileSync } from 'node:fs'
import { posix } from 'node:path'

const RECORD = '@sallyport/core/record'
const RECORD_SOURCE = 'packages/core/src/record/index.ts'

/** Repository-relative path of every source that is loaded with one, and the name of every package. */
export function loads(path: string, root: string, found: Set<string> = new Set()): ReadonlySet<string> {
  if (found.has(path)) return found
  found.add(path)
  const text = readFileSync(posix.join(root, path), 'utf8')
  for (const [, to = ''] of text.matchAll(/^(?:import|export) (?!type )[^']*?from '([^']+)'$/gm)) {
    if (to.startsWith('.')) loads(posix.join(posix.dirname(path), to), root, found)
    else if (to === RECORD) loads(RECORD_SOURCE, root, found)
    else found.add(to)
  }
  return found
}
