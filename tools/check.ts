import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const ROOT = join(import.meta.dirname, '..')
const MODULES = join(ROOT, 'node_modules')
const OUTPUT_BYTES_MAX = 64 * 1_048_576

/** What has to hold before a change goes in, cheapest first where order does not matter. CI runs the same. */
const STEPS = {
  build: [join(MODULES, 'typescript/bin/tsc'), '--build'],
  'types of tests': [join(MODULES, 'typescript/bin/tsc'), '-p', 'tsconfig.test.json'],
  lint: [join(MODULES, 'oxlint/bin/oxlint'), '--type-aware'],
  format: [join(MODULES, 'oxfmt/bin/oxfmt'), '--check'],
  'unused code': [join(MODULES, 'knip/bin/knip.js')],
  'generated files': ['--conditions=sallyport-source', join(ROOT, 'tools/generate.ts'), '--check'],
  tests: [join(MODULES, 'vitest/vitest.mjs'), 'run'],
} as const satisfies Record<string, readonly string[]>

const { values } = parseArgs({ options: { skip: { type: 'string', multiple: true, default: [] } } })
const unknown = values.skip.filter((name) => !Object.hasOwn(STEPS, name))
if (unknown.length > 0) fail(`no such step: ${unknown.join(', ')}; there are ${Object.keys(STEPS).join(', ')}`)

for (const [name, args] of Object.entries(STEPS)) {
  if (values.skip.includes(name)) continue
  const startMs = performance.now()
  const result = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX })
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1)
  const ok = result.status === 0
  process.stdout.write(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(16)} ${seconds.padStart(6)} s\n`)
  if (!ok) fail(`${result.stdout}${result.stderr}${result.error?.message ?? ''}`)
}

function fail(output: string): never {
  process.stdout.write(`${output.trimEnd()}\n`)
  process.exit(1)
}
