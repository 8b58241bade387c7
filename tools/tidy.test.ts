import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { importTableMarkdown } from './tidy/import-table.ts'
import { loads } from './tidy/loads.ts'
import { violations } from './tidy/violations.ts'

const ROOT = join(import.meta.dirname, '..')
const files = ['packages', 'tools'].flatMap((folder) => sources(folder))

test.each(files)('%s is tidy', (path) => {
  expect(violations({ path, text: readFileSync(join(ROOT, path), 'utf8') })).toEqual([])
})

test('ARCHITECTURE.md prints the import table', () => {
  expect(readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')).toContain(importTableMarkdown())
})

test('the thread that writes the log loads nothing of the engine: each gateway would have it twice', () => {
  const loaded = [...loads('packages/gateway/src/stores/files/writer-thread.ts', ROOT)]
  expect(loaded).toContain('packages/core/src/record/tree.ts')
  expect(loaded.filter((path) => path === '@sallyport/core' || /core\/src\/(?:index|inspect|decide)/.test(path))).toEqual([])
})

describe('a planted violation is caught', () => {
  const core = 'packages/core/src/decide/a.ts'
  test.each([
    ['a stage imports a stage', core, "import { jcs } from '../record/tree.ts'", 'may not import ../record/tree.ts'],
    ['a stage imports the pipeline', core, "import type { A } from '../pipeline.ts'", 'may not import ../pipeline.ts'],
    ['core imports Node', core, "import { readFileSync } from 'node:fs'", 'may not import node:fs'],
    ['core imports a package', core, "import { verify } from 'jose'", 'may not import jose'],
    ['core reaches into the gateway', core, "const a = await import('../../../gateway/src/config.ts')", 'may not import'],
    ['a store imports a store', 'packages/gateway/src/stores/files/a.ts', "import { b } from '../sqlite/b.ts'", 'may not import'],
    [
      'a store imports control',
      'packages/gateway/src/stores/files/a.ts',
      "import { b } from '../../control/b.ts'",
      'may not import',
    ],
    [
      'a protocol imports control',
      'packages/gateway/src/protocols/mcp/a.ts',
      "export { b } from '../../control/b.ts'",
      'may not import',
    ],
    ['the composition root is imported', 'packages/gateway/src/http/a.ts', "import { b } from '../gateway.ts'", 'may not import'],
    [
      'a package is entered by the back door',
      'packages/gateway/src/a.ts',
      "import { b } from '@sallyport/core/src/jcs.ts'",
      'may not import',
    ],
    [
      'more than the log’s own part of a package is entered at the side',
      'packages/gateway/src/stores/files/a.ts',
      "import { b } from '@sallyport/core/inspect'",
      'may not import',
    ],
    [
      'the example imports the gateway',
      'packages/cli/src/example/a.ts',
      "import { b } from '@sallyport/gateway'",
      'may not import',
    ],
    ['a folder nobody planned', 'packages/elsewhere/src/a.ts', 'export const a = 1', 'no row of the import table'],
    ['a long file', core, '\n'.repeat(401), '401 lines'],
    ['a long function', core, `export function a() {\n${'  b()\n'.repeat(69)}}\n`, 'a has 71 lines'],
    ['a long method', core, `class A {\n  async b(c: C): D {\n${'    b()\n'.repeat(69)}  }\n}\n`, 'b has 71 lines'],
    ['a long arrow function', core, `const a = (b: B) => {\n${'  b()\n'.repeat(69)}}\n`, 'a has 71 lines'],
    ['a file called utils', 'packages/core/src/model/byte-utils.ts', '', '"utils" says nothing'],
    ['a file in camel case', 'packages/core/src/model/byteStore.ts', '', 'not kebab-case'],
    ['a default export', core, 'export default 1', 'default export'],
    ['any', core, 'export const a = (b: any) => b', 'uses `any`'],
    ['any in a list', core, 'export type A = Array<any>', 'uses `any`'],
    ['a checker switched off', core, '// @ts-ignore', 'type checker'],
    ['an exported manager', core, 'export class StateManager {}', 'exports "StateManager"'],
  ])('%s', (_, path, text, message) => {
    expect(violations({ path, text }).join('\n')).toContain(message)
  })

  test.each([
    [
      core,
      "import { a } from '../model/jcs.ts'\nimport { b } from './b.ts'\nimport { z } from 'zod'\nimport { h } from '@noble/hashes/sha2.js'",
    ],
    [core, "/** Not any of these: import x from 'node:fs'. */\nexport const a = 'as any' // any"],
    ['packages/core/src/pipeline.ts', "import { a } from './decide/a.ts'\nimport { b } from './record/b.ts'"],
    [
      'packages/gateway/src/stores/files/a.ts',
      "import { a } from '../../config.ts'\nimport { b } from '@sallyport/core'\nimport 'node:fs'",
    ],
    ['packages/gateway/src/gateway.ts', "import { a } from './stores/files/a.ts'\nimport { b } from './control/b.ts'"],
  ])('what the table allows passes: %s', (path, text) => {
    expect(violations({ path, text })).toEqual([])
  })
})

describe('the linter', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidy-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each([
    ['a dropped promise', 'async function a() {}\nexport function b() {\n  a()\n}\n', 'no-floating-promises'],
    ['four positional parameters', 'export const a = (b: 1, c: 1, d: 1, e: 1) => [b, c, d, e]\n', 'max-params'],
    ['console output', 'console.log(1)\n', 'no-console'],
  ])('catches %s', (_, text, rule) => {
    writeFileSync(join(folder, 'tsconfig.json'), '{ "compilerOptions": { "strict": true } }')
    writeFileSync(join(folder, 'a.ts'), text)
    const oxlint = join(ROOT, 'node_modules/oxlint/bin/oxlint')
    const result = spawnSync(process.execPath, [oxlint, '-c', join(ROOT, '.oxlintrc.json'), '--type-aware', 'a.ts'], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(result.stdout).toContain(rule)
    expect(result.status).toBe(1)
  })
})

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return ['node_modules', 'dist', 'fixtures', '.venv'].includes(entry.name) ? [] : sources(path)
    return /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [path] : []
  })
}
