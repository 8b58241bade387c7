import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cosignaturesOf, parseCheckpoint, parseNote, verifyCheckpoint, type NoteKey } from '@sallyport/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bodyOf, FORK, KEY, send, SIZE, testWitness, type TestWitness } from './fixtures/log-and-witness.ts'
import { openWitness } from './open-witness.ts'
import { makeWitness, openWitnessFolder, originHash } from './witness-folder.ts'

let witness: TestWitness
beforeEach(async () => {
  witness = await testWitness()
})
afterEach(() => witness.remove())

const PATH = `/${originHash(KEY.name)}/checkpoint`
const newest = () => send(witness.url(), { path: PATH })
const sizeIn = (note: string): number | undefined => parseCheckpoint(parseNote(note)?.text ?? '')?.size

test('R117: a witness cosigns a log as it grows and serves what it saw', async () => {
  expect((await newest()).status).toBe(404)
  const body = await bodyOf(0, 300)
  const first = await witness.add(body)
  expect(first).toMatchObject({ status: 200 })
  const note = body.slice(body.indexOf('\n\n') + 2) + first.body
  expect(cosignaturesOf(note, [witness.folder.key])).toEqual([{ name: 'witness.example/w1', timeS: 1_800_000_000 }])
  expect((await witness.add(await bodyOf(300, SIZE))).status).toBe(200)
  const served = await newest()
  expect(served.status).toBe(200)
  expect(verifyCheckpoint(served.body, { origin: KEY.name, keys: [KEY] })).toMatchObject({ size: SIZE })
  expect(cosignaturesOf(served.body, [witness.folder.key])).toHaveLength(1)
})

test('R117: what it saw survives a restart: the same tree again, yes; a smaller or another one, no', async () => {
  await witness.add(await bodyOf(0, 400))
  await witness.stop()
  await witness.start()
  expect(await witness.add(await bodyOf(0, 10))).toEqual({ status: 409, type: 'text/x.tlog.size', body: '400\n' })
  expect(await witness.add(await bodyOf(300, 500))).toMatchObject({ status: 409, body: '400\n' })
  expect(await witness.add(await bodyOf(400, 400, FORK))).toMatchObject({ status: 422, body: expect.stringMatching(/^fork: /) })
  expect(await witness.add(await bodyOf(400, 500, FORK))).toMatchObject({
    status: 422,
    body: expect.stringMatching(/^proof_invalid: /),
  })
  expect((await witness.add(await bodyOf(400, 400))).status).toBe(200)
  expect(witness.lines).toContain('POST 422 fork')
  const kept = readFileSync(join(witness.dir, 'evidence', `${originHash(KEY.name)}.fork`), 'utf8')
  expect(verifyCheckpoint(kept, { origin: KEY.name, keys: [KEY] })).toMatchObject({ size: 400 })
})

test('R117: of many requests at once for one log, each step is taken by one', async () => {
  await witness.add(await bodyOf(0, 100))
  const bodies = await Promise.all(Array.from({ length: 12 }, (_, i) => bodyOf(100, 200 + i)))
  const answers = await Promise.all(bodies.map((body) => witness.add(body)))
  const won = answers.filter(({ status }) => status === 200)
  expect(won).toHaveLength(1)
  const size = sizeIn((await newest()).body)
  for (const answer of answers.filter(({ status }) => status !== 200))
    expect(answer).toMatchObject({ status: 409, body: `${size}\n` })
})

test('R117: requests that arrive together are judged one after the other, also between check and store', async () => {
  const direct = openWitness(openWitnessFolder(witness.dir), { nowMs: Date.now })
  await direct.addCheckpoint(await bodyOf(0, 100))
  const bodies = [await bodyOf(100, 300), await bodyOf(100, 200)]
  const answers = await Promise.all(bodies.map((body) => direct.addCheckpoint(body)))
  expect(answers.map(({ status, body }) => (status === 200 ? status : body))).toEqual([200, '300\n'])
  expect(sizeIn(witness.folder.newest(originHash(KEY.name)) ?? '')).toBe(300)
})

test('R117: killed between storing and answering, it knows afterwards what it stored', async () => {
  await witness.add(await bodyOf(0, 100))
  await witness.stop()
  const script = fileURLToPath(new URL('fixtures/die-after-store.ts', import.meta.url))
  const child = spawn(
    process.execPath,
    ['--conditions=sallyport-source', '--disable-warning=ExperimentalWarning', script, witness.dir],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const url = line.toString().trim()
  expect(() => openWitnessFolder(witness.dir).lock()).toThrow(expect.objectContaining({ code: 'STORE_LOCKED' }) as Error)
  const ended = once(child, 'exit')
  await expect(send(url, { method: 'POST', path: '/add-checkpoint', body: await bodyOf(100, 300) })).rejects.toThrow()
  expect((await ended)[1]).toBe('SIGKILL')
  await witness.start()
  expect(await witness.add(await bodyOf(100, 300))).toMatchObject({ status: 409, body: '300\n' })
  expect((await witness.add(await bodyOf(300, 300))).status).toBe(200)
  expect(await witness.add(await bodyOf(300, 300, FORK))).toMatchObject({ status: 422 })
  openWitnessFolder(witness.dir).lock()()
})

test('R117: a log it was not told of, a foreign key and a malformed request are refused', async () => {
  const body = await bodyOf(0, 10)
  expect((await witness.add(body.replace(`\n${KEY.name}\n`, '\nanother/log\n'))).status).toBe(404)
  expect((await witness.add(body.replace('\n10\n', '\n11\n'))).status).toBe(403)
  expect((await witness.add(body.replace(/\u2014 \S+/, '\u2014 somebody'))).status).toBe(403)
  expect((await witness.add(await bodyOf(11, 10))).status).toBe(400)
  expect((await witness.add('old 0\n')).status).toBe(400)
  expect((await newest()).status).toBe(404)
})

test('R117: a key trusted while it runs counts at once', async () => {
  const dir = join(witness.dir, '..', 'second')
  const second = makeWitness(dir, 'witness.example/w2')
  expect(second.trusted()).toEqual([])
  const other: NoteKey = { name: 'another/log', publicKey: KEY.publicKey }
  openWitnessFolder(witness.dir).trust(other)
  const body = (await bodyOf(0, 10)).replace(`\n${KEY.name}\n`, '\nanother/log\n')
  expect((await witness.add(body)).status).toBe(403)
})

test('R117: only its two endpoints, only for its own Host, only so many bytes', async () => {
  expect((await send(witness.url(), { path: '/' })).status).toBe(404)
  expect((await send(witness.url(), { path: '/../witness.key' })).status).toBe(404)
  expect((await send(witness.url(), { path: '/add-checkpoint' })).status).toBe(405)
  expect((await send(witness.url(), { path: PATH, method: 'DELETE' })).status).toBe(405)
  expect((await send(witness.url(), { path: PATH, headers: { host: 'evil.example' } })).status).toBe(403)
  expect((await send(witness.url(), { path: PATH, headers: { origin: 'https://evil.example' } })).status).toBe(403)
  const body = 'x'.repeat(200_000)
  expect(
    (
      await send(witness.url(), {
        method: 'POST',
        path: '/add-checkpoint',
        body,
        headers: { 'content-length': String(body.length) },
      })
    ).status,
  ).toBe(413)
})

test('R117: a record that somebody edited stops the witness from cosigning that log', async () => {
  await witness.add(await bodyOf(0, 400))
  const file = join(witness.dir, 'logs', originHash(KEY.name))
  writeFileSync(file, readFileSync(file, 'utf8').replace('\n400\n', '\n10\n'))
  expect((await witness.add(await bodyOf(10, 20))).status).toBe(503)
  writeFileSync(file, '')
  expect((await witness.add(await bodyOf(0, 20))).status).toBe(503)
})

test('its key is its own: never overwritten, refused when others can read it or it is another one', () => {
  const key = join(witness.dir, 'witness.key')
  expect(statSync(key).mode & 0o777).toBe(0o600)
  expect(() => makeWitness(witness.dir, 'w')).toThrow(expect.objectContaining({ code: 'CONFLICT' }) as Error)
  expect(readdirSync(witness.dir)).not.toContain('witness.key.tmp')
  chmodSync(key, 0o644)
  expect(() => openWitnessFolder(witness.dir)).toThrow(/chmod 600/)
  chmodSync(key, 0o600)
  chmodSync(witness.dir, 0o755)
  expect(() => openWitnessFolder(witness.dir)).toThrow(/chmod 700/)
  chmodSync(witness.dir, 0o700)
  writeFileSync(key, 'not a key', { mode: 0o600 })
  expect(() => openWitnessFolder(witness.dir)).toThrow(/not an Ed25519 private key/)
})
