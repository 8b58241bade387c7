import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
}

export interface StaticFile {
  readonly body: Buffer
  readonly type: string
  readonly etag: string
  /** Its name holds the hash of what is in it. */
  readonly isFixed: boolean
}

const NOT_BUILT =
  '<!doctype html><html lang="en"><title>Sallyport</title><p>The pages are not built; in a clone, npm start builds them.'

/** The pages, read once: no path of a request ever reaches the file system. Any path that is no file is a page of the app. */
export function readStatic(dir: string | undefined): (path: string) => StaticFile | undefined {
  const files = new Map<string, StaticFile>()
  if (dir !== undefined && existsSync(dir)) {
    for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue
      const file = join(entry.parentPath, entry.name)
      const path = file.slice(dir.length).replaceAll('\\', '/')
      const type = TYPES[extname(entry.name)]
      if (type !== undefined) files.set(path, fileOf(readFileSync(file), type, path.startsWith('/assets/')))
    }
  }
  const index = files.get('/index.html') ?? fileOf(Buffer.from(NOT_BUILT), 'text/html; charset=utf-8', false)
  // Names of tools and sessions have points, too.
  return (path) => files.get(path) ?? (/^\/(?:assets\/.*|[^/]*\.[^/]*)$/.test(path) ? undefined : index)
}

function fileOf(body: Buffer, type: string, isFixed: boolean): StaticFile {
  return { body, type, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`, isFixed }
}
