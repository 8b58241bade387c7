import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { EXIT_CODES } from '../../exit-codes.ts'
import { cliHome, finished, type CliHome } from '../../fixtures/cli-home.ts'

const WAIT = { timeout: 20_000, interval: 25 }

let cli: CliHome
beforeEach(async () => {
  cli = await cliHome('sinks: [{ type: file, id: disk, path: events.jsonl }]\n')
})
afterEach(() => cli.remove())

const onDisk = (): number[] =>
  readFileSync(join(cli.home.dir, 'events.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { metadata: { sequence: number } }).metadata.sequence)
const json = (text: string) => JSON.parse(text) as Record<string, never>

describe('sinks', () => {
  test('R137: status shows where each destination stands', async () => {
    await vi.waitFor(async () => {
      const ran = await cli.run('sinks', 'status', '--json')
      expect(json(ran.out)['sinks']).toMatchObject([
        { id: 'disk', type: 'file', format: 'ocsf', state: 'following', skipped: 0, failures: 0 },
      ])
    }, WAIT)
    expect((await cli.run('sinks', 'status')).out).toMatch(/^SINK +TYPE +FORMAT/)
  })

  test('R137: reconcile holds what was received against the log, and an entry that is missing is found', async () => {
    await cli.run('agent', 'list')
    await vi.waitFor(() => expect(onDisk().length).toBeGreaterThanOrEqual(3), WAIT)
    const indices = onDisk()
    const to = String(indices.length)
    cli.write('received.txt', `${indices.join('\n')}\n`)
    const whole = await cli.run('sinks', 'reconcile', 'disk', '--to', to, '--received', join(cli.home.dir, 'received.txt'))
    expect(whole).toMatchObject({ code: 0, out: expect.stringMatching(/\nok\n$/) })
    cli.write('received.txt', `${indices.filter((index) => index !== 1).join('\n')}\n999\n`)
    const holed = await cli.run(
      'sinks',
      'reconcile',
      'disk',
      '--to',
      to,
      '--received',
      join(cli.home.dir, 'received.txt'),
      '--json',
    )
    expect(holed.code).toBe(EXIT_CODES.refused.code)
    expect(json(holed.out)).toMatchObject({ ok: false, missing: [{ from: 1, to: 2 }], unexpected: 0 })
  })

  test('a list that is not one is refused, and an unknown sink is named as such', async () => {
    cli.write('received.txt', '1\ntwo\n')
    expect((await cli.run('sinks', 'reconcile', 'disk', '--received', join(cli.home.dir, 'received.txt'))).err).toContain(
      'one whole number a line',
    )
    expect((await cli.run('sinks', 'reconcile', 'nowhere')).err).toContain('NOT_FOUND')
  })
})

test('R135, R267: audit tail --follow prints what happens as it happens, and not its own questions', async () => {
  const child = cli.spawn('audit', 'tail', '--follow', '--json', '--as', 'alice')
  const done = finished(child)
  const lines: string[] = []
  child.stdout?.on('data', (chunk: Buffer) => lines.push(...chunk.toString().split('\n').filter(Boolean)))
  await vi.waitFor(() => expect(lines.length).toBeGreaterThan(0), WAIT)
  await cli.run('agent', 'create', 'buyer', '--task', 'order')
  await vi.waitFor(() => expect(lines.map((line) => json(line)['verb'])).toContain('agent.create'), WAIT)
  child.kill('SIGTERM')
  expect(await done).toMatchObject({ code: 0, err: '' })
  expect(lines.map((line) => json(line)['verb'])).not.toContain('audit.tail')
})
