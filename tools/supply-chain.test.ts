import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'

const ROOT = join(import.meta.dirname, '..')
const Dependencies = z.record(z.string(), z.string()).default({})
const PackageJson = z.object({
  dependencies: Dependencies,
  devDependencies: Dependencies,
  optionalDependencies: Dependencies,
  peerDependencies: Dependencies,
})
const Lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      integrity: z.string().optional(),
      resolved: z.string().optional(),
      link: z.boolean().optional(),
      inBundle: z.boolean().optional(),
    }),
  ),
})
/** Every folder that is installed on its own: the repository, and what checks bring along. */
const installs = ['.', ...subfolders('conformance'), ...subfolders('tools/bench')].filter((folder) =>
  existsSync(join(ROOT, folder, 'package-lock.json')),
)
const folder = mkdtempSync(join(tmpdir(), 'supply-chain-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('R266: dependencies are pinned and verified', () => {
  test.each([...installs, ...subfolders('packages')])('%s names exact versions only', (path) => {
    const manifest = PackageJson.parse(JSON.parse(read(path, 'package.json')))
    const named = Object.values(manifest).flatMap((dependencies) => Object.entries(dependencies))
    expect(named.filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([])
  })

  test.each(installs)('%s: every locked package has a SHA-512, and none an address', (path) => {
    const packages = Object.entries(Lockfile.parse(JSON.parse(read(path, 'package-lock.json'))).packages)
    // What a package has bundled is under the hash of that package.
    const outside = packages.filter(([name, { link, inBundle }]) => name.includes('node_modules/') && !link && !inBundle)
    expect(outside.length).toBeGreaterThan(0)
    const hashed = new Set(outside.filter(([, { integrity }]) => integrity?.startsWith('sha512-')).map(([name]) => name))
    const bundled = packages.filter(([, { inBundle }]) => inBundle).map(([name]) => name)
    const bundlerOf = (name: string): string => name.slice(0, name.indexOf('/node_modules/', 'node_modules/'.length))
    expect(bundled.filter((name) => !hashed.has(bundlerOf(name)))).toEqual([])
    expect(outside.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([name]) => name)).toEqual([])
    expect(outside.filter(([, { resolved }]) => resolved !== undefined).map(([name]) => name)).toEqual([])
  })

  test('no package may run a script when it is installed', () => {
    expect(read('.', '.npmrc')).toContain('ignore-scripts=true')
  })

  test('an install whose bytes differ from the lockfile fails; the same bytes pass', () => {
    mkdirSync(join(folder, 'dep'))
    write('dep/package.json', { name: 'dep', version: '1.0.0' })
    const [packed] = z.array(z.object({ integrity: z.string() })).parse(JSON.parse(npm('pack', './dep', '--json').stdout))
    const integrity = packed?.integrity ?? ''
    const ci = (locked: string) => {
      const dependency = { version: '1.0.0', resolved: 'file:dep-1.0.0.tgz', integrity: locked }
      const root = { name: 'app', version: '1.0.0', dependencies: { dep: 'file:dep-1.0.0.tgz' } }
      write('package.json', root)
      write('package-lock.json', {
        ...root,
        lockfileVersion: 3,
        requires: true,
        packages: { '': root, 'node_modules/dep': dependency },
      })
      return npm('ci', '--offline', '--no-audit', '--cache', join(folder, 'cache'))
    }
    expect(ci(integrity)).toMatchObject({ status: 0 })
    const flipped = ci(integrity.replace(/^sha512-./, (start) => (start.endsWith('A') ? 'sha512-B' : 'sha512-A')))
    expect(flipped.status).not.toBe(0)
    expect(flipped.stderr).toContain('EINTEGRITY')
  })

  test('the bill of materials names every runtime dependency with its hash', () => {
    const result = spawnSync('npm', ['run', '-s', 'sbom'], { cwd: ROOT, encoding: 'utf8', shell: process.platform === 'win32' })
    const Component = z.object({ 'bom-ref': z.string(), hashes: z.array(z.object({ alg: z.string() })).optional() })
    const bom = z.object({ bomFormat: z.literal('CycloneDX'), components: z.array(Component) }).parse(JSON.parse(result.stdout))
    const listed = new Map(bom.components.map((component) => [component['bom-ref'], component]))
    for (const path of subfolders('packages')) {
      const { dependencies } = PackageJson.parse(JSON.parse(read(path, 'package.json')))
      for (const [name, version] of Object.entries(dependencies)) {
        const component = listed.get(`${name}@${version}`)
        expect(component, name).toBeDefined()
        if (!name.startsWith('@sallyport/')) expect(component?.hashes?.[0]?.alg, name).toBe('SHA-512')
      }
    }
  })
})

function subfolders(path: string): string[] {
  if (!existsSync(join(ROOT, path))) return []
  return readdirSync(join(ROOT, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(ROOT, path, entry.name, 'package.json')))
    .map((entry) => `${path}/${entry.name}`)
}

function read(path: string, name: string): string {
  return readFileSync(join(ROOT, path, name), 'utf8')
}

function write(name: string, content: unknown): void {
  writeFileSync(join(folder, name), JSON.stringify(content))
}

function npm(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('npm', args, { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' })
}
