import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openHome } from '@sallyport/gateway'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fillHome } from './fill-home.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-mounts-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** A mount as Kubernetes makes it: links into a dated folder, readable by a group. */
function mount(folder: string, files: Readonly<Record<string, string>>): void {
  const kept = join(dir, 'mounts', folder, '..2026_11_21')
  mkdirSync(kept, { recursive: true })
  symlinkSync('..2026_11_21', join(dir, 'mounts', folder, '..data'))
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(kept, name), text, { mode: 0o640 })
    symlinkSync(join('..data', name), join(dir, 'mounts', folder, name))
  }
}

test('R095: what an orchestrator mounts becomes a home folder that passes its own checks', () => {
  const made = openHome(join(dir, 'made'), { create: true })
  const read = (name: string): string => readFileSync(join(made.dir, 'keys', name), 'utf8')
  mount('keys', { 'gateway.key': read('gateway.key'), 'audit.key': read('audit.key') })
  mount('config', { 'sallyport.yaml': 'apiVersion: sallyport/v1\n' })
  mount('secrets', { database: 'postgres://x' })
  const home = join(dir, 'home')
  fillHome(join(dir, 'mounts'), home)
  const opened = openHome(home, { create: true })
  expect(opened.auditOrigin).toBe(made.auditOrigin)
  expect(readFileSync(opened.configFile, 'utf8')).toContain('sallyport/v1')
  expect(statSync(join(home, 'secrets', 'database')).mode & 0o777).toBe(0o600)
  expect(statSync(join(home, 'secrets')).mode & 0o777).toBe(0o700)
})

test('a second start takes what is mounted now', () => {
  mount('config', { 'sallyport.yaml': 'old' })
  const home = join(dir, 'home')
  fillHome(join(dir, 'mounts'), home)
  rmSync(join(dir, 'mounts'), { recursive: true })
  mount('config', { 'sallyport.yaml': 'new' })
  fillHome(join(dir, 'mounts'), home)
  expect(readFileSync(join(home, 'sallyport.yaml'), 'utf8')).toBe('new')
})

test('nothing but plain files of a sane size is taken', () => {
  mkdirSync(join(dir, 'mounts', 'secrets', 'folder'), { recursive: true })
  expect(() => fillHome(join(dir, 'mounts'), join(dir, 'home'))).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})
