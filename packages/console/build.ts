import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import tailwindcss from '@tailwindcss/vite'
import { build } from 'vite'

const ROOT = import.meta.dirname

if (!process.argv.includes('--if-stale') || isStale()) await buildPages()

/** Whether anything the pages are made of is newer than they are. */
function isStale(): boolean {
  const built = join(ROOT, 'dist/index.html')
  if (!existsSync(built)) return true
  const builtMs = statSync(built).mtimeMs
  const sources = ['src', 'public', '../core/src'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  return [...sources, join(ROOT, 'index.html'), join(ROOT, 'build.ts'), join(ROOT, 'package.json')].some(
    (file) => statSync(file).mtimeMs > builtMs,
  )
}

async function buildPages(): Promise<void> {
  // Whatever whoever builds runs in, a test for one: people get the pages without what developers are told.
  process.env['NODE_ENV'] = 'production'
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    plugins: [tailwindcss()],
    resolve: { conditions: ['sallyport-source', 'module', 'browser', 'import'] },
    build: {
      outDir: join(ROOT, 'dist'),
      emptyOutDir: true,
      // The policy of the pages knows no data: URLs.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  })
  process.stdout.write(`first page ${Math.ceil(firstRouteBytes() / 1_024)} KiB gzip\n`)
}

/** Gzipped bytes of what the first page loads: the document and all it names. */
function firstRouteBytes(): number {
  const html = readFileSync(join(ROOT, 'dist/index.html'), 'utf8')
  const named = readdirSync(join(ROOT, 'dist/assets')).filter((file) => html.includes(file))
  return [html, ...named.map((file) => readFileSync(join(ROOT, 'dist/assets', file)))].reduce(
    (sum, part) => sum + gzipSync(part).length,
    0,
  )
}
