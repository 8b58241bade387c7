import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const CALLS_FILE = 'calls.json'
const NAME_LENGTH_MAX = 200
const COUNTED_METHODS: ReadonlySet<string> = new Set(['tools/call', 'resources/read', 'prompts/get'])

const Counts = z.record(z.string(), z.int().min(0))
const Counted = z.looseObject({ method: z.string(), params: z.looseObject({ name: z.string().optional() }).optional() })

/** Folder of the example company inside a home folder. */
export function exampleDir(homeDir: string): string {
  return join(homeDir, 'example')
}

/**
 * Counts one message as it arrives, before the server looks at it: a call that would fail validation counts too, so a zero
 * means that nothing arrived. Tools count by name, resources and prompts by method.
 * @param serverDir Folder of one server; the counts are replaced in one rename.
 */
export function countMessage(serverDir: string, message: unknown): void {
  const parsed = Counted.safeParse(message)
  if (!parsed.success || !COUNTED_METHODS.has(parsed.data.method)) return
  const { method, params } = parsed.data
  const key = method === 'tools/call' ? (params?.name ?? '').slice(0, NAME_LENGTH_MAX) : method
  const counts = readCounts(serverDir)
  const file = join(serverDir, CALLS_FILE)
  const temporary = `${file}.${process.pid}`
  mkdirSync(serverDir, { recursive: true, mode: 0o700 })
  writeFileSync(temporary, JSON.stringify({ ...counts, [key]: (counts[key] ?? 0) + 1 }), { mode: 0o600 })
  renameSync(temporary, file)
}

/** What the servers of the example company counted: `server.tool` → calls that arrived. A tool never called is absent. */
export function readCallCounts(homeDir: string): Readonly<Record<string, number>> {
  const all: Record<string, number> = {}
  for (const server of directories(exampleDir(homeDir))) {
    const counts = readCounts(join(exampleDir(homeDir), server))
    for (const [key, count] of Object.entries(counts)) all[`${server}.${key}`] = count
  }
  return all
}

function readCounts(serverDir: string): Record<string, number> {
  let text: string
  try {
    text = readFileSync(join(serverDir, CALLS_FILE), 'utf8')
  } catch {
    return {}
  }
  return Counts.parse(JSON.parse(text))
}

function directories(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((item) => (item.isDirectory() ? [item.name] : []))
  } catch {
    return []
  }
}
