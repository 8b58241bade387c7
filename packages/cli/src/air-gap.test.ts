import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))
/** A network of one's own with nothing but loopback; needs Linux and the right to make one. */
const alone = (command: string) => ['-n', 'sh', '-c', `ip link set lo up && ${command}`]
const canBeAlone = spawnSync('unshare', alone('true')).status === 0

describe.skipIf(!canBeAlone)('without any network but loopback', () => {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-air-gap-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  test('R096: the whole product runs: gateway, tool servers, control plane, log, proofs', () => {
    const demo = `'${process.execPath}' --conditions=sallyport-source '${MAIN}' demo --json`
    const env = { ...process.env, SALLYPORT_HOME: join(dir, 'home'), TMPDIR: dir }
    const { stdout, status } = spawnSync('unshare', alone(demo), { encoding: 'utf8', env })
    expect(status).toBe(0)
    const last = stdout.trim().split('\n').at(-1) ?? ''
    expect(last).toContain('the audit log verifies')
    expect(last).not.toContain('"ok":false')
    const reached = spawnSync('unshare', alone('ip route show')).stdout.toString()
    expect(reached).toBe('')
  })
})
