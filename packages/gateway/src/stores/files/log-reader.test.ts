import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { logReader } from './log-reader.ts'

let dir: string
beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), 'sallyport-reader-'))))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('R116: what is there is read, what is not there is not', async () => {
  writeFileSync(join(dir, 'checkpoint'), 'note')
  mkdirSync(join(dir, 'open'))
  expect(await logReader(dir)('checkpoint')).toEqual(Buffer.from('note'))
  expect(await logReader(dir)('open/0')).toBeUndefined()
})

test('R116 R253: a folder somebody was handed can hold what never ends or never begins; it is refused at once', async () => {
  execFileSync('mkfifo', [join(dir, 'pipe')])
  symlinkSync('/dev/zero', join(dir, 'endless'))
  symlinkSync('circle', join(dir, 'circle'))
  writeFileSync(join(dir, 'large'), Buffer.alloc(17_000_000))
  mkdirSync(join(dir, 'folder'))
  writeFileSync(join(dir, 'tile'), '')
  for (const path of ['pipe', 'endless', 'circle', 'large', 'folder', 'tile/0/000'])
    await expect(logReader(dir)(path), path).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
})
