import type { Entry, Principal } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tempFolder } from '../fixtures/world.ts'
import { openFlow } from '../flow/open-flow.ts'
import type { HoldNotice, Holds } from '../holds.ts'
import { erasuresAt, FLOW_KEY, type ErasuresAt } from './fixtures/erasures-at.ts'
import { killErasure } from './fixtures/kill-erasure.ts'

const RUN_MS_MAX = 120_000
/** Steps that are tried here; `npm run eval -- erasure` tries all. */
const STRIDE = 5

let folder: ReturnType<typeof tempFolder>
let at: ErasuresAt
let held: HoldNotice[]
let blocking: Holds['blocking']
beforeEach(async () => {
  folder = tempFolder()
  held = []
  blocking = async () => held
  at = await erasuresAt({ homeDir: folder.path, holds: { blocking: (subject) => blocking(subject) } })
})
afterEach(async () => {
  await at.close()
  folder.remove()
})

const keep = async (id: string) => {
  const subject = await at.vault.subject(id)
  await at.vault.keep({ subject, class: 'phi', text: 'kept' })
  return subject
}
const request = (subject: string) => at.erasures.request({ subject, authority: 'GDPR Art. 17', by: 'bob' })
const verbs = async (): Promise<string[]> =>
  (await at.log.read(0, await at.log.size())).map((entry) => (entry as Extract<Entry, { type: 'admin' }>).verb)

describe('R229: an erasure', () => {
  test('is recorded before and after; the state forgets who it was', async () => {
    const { token } = await keep('p-1')
    const done = await request('p-1')
    expect(done).toMatchObject({ status: 'erased', isDestroyed: true, found: { token, keys: 1 } })
    expect(await verbs()).toEqual(['erasure.started', 'erasure.completed'])
    const [, certificate] = await at.log.read(0, 2)
    expect(certificate).toMatchObject({
      detail: {
        subject: token,
        contents: 1,
        counts: [expect.stringMatching(/^phi .*: 1$/)],
        notified: ['siem'],
        by: 'bob',
        started: 0,
      },
    })
    expect(at.state.erasures()).toMatchObject([{ status: 'done', certificate: 1 }])
    expect(JSON.stringify(at.state.erasures())).not.toContain(at.vault.lookup('p-1'))
  })

  test('of a person nobody knows, or asked for again, finds nothing', async () => {
    expect(await request('p-9')).toEqual({ status: 'nothing' })
    await keep('p-1')
    await request('p-1')
    expect(await request('p-1')).toEqual({ status: 'nothing' })
    expect(await at.erasures.find('p-1')).toBeUndefined()
  })

  test('that is held waits, once, with its reason recorded, and runs when nothing holds it any more', async () => {
    const { token } = await keep('p-1')
    held = [{ id: 'hold-1', ground: '17(3)(e)', notice: 'litigation' }]
    expect(await request('p-1')).toMatchObject({ status: 'waiting', found: { token, holds: held } })
    expect(await request('p-1')).toMatchObject({ status: 'waiting' })
    await at.erasures.resume()
    expect(await verbs()).toEqual(['erasure.blocked', 'erasure.blocked'])
    expect(at.state.erasures()).toMatchObject([{ status: 'waiting', lookup: at.vault.lookup('p-1') }])
    held = []
    await at.erasures.resume()
    expect((await verbs()).slice(2)).toEqual(['erasure.started', 'erasure.completed'])
    expect(await at.erasures.find('p-1')).toBeUndefined()
  })

  test('does not begin when a hold was opened while the log was searched', async () => {
    await keep('p-1')
    const asked: unknown[] = []
    const late: HoldNotice = { id: 'hold-1', ground: '17(3)(e)', notice: 'litigation' }
    blocking = async (subject) => {
      asked.push(subject)
      return asked.length === 1 ? [] : [late]
    }
    expect(await request('p-1')).toMatchObject({ status: 'waiting', found: { holds: [late] } })
    expect(await verbs()).toEqual(['erasure.started', 'erasure.blocked'])
    expect(at.state.erasures()).toMatchObject([{ status: 'waiting' }])
    expect(await at.erasures.find('p-1')).toMatchObject({ keys: 1 })
    blocking = async () => []
    await at.erasures.resume()
    expect((await verbs()).slice(2)).toEqual(['erasure.started', 'erasure.completed'])
  })

  test('takes what sessions remember along, also of whom nothing else is known, unless it is held', async () => {
    const flow = openFlow({
      store: at.sessions,
      key: FLOW_KEY,
      ownerOf: ({ user }) => user && at.vault.lookup(user.id),
      nowMs: Date.now,
      log: () => undefined,
    })
    const of = (id: string): Principal => ({
      agent: 'clerk',
      credential: 'k',
      method: 'jwt',
      epoch: 0,
      session: `s-${id}`,
      user: { issuer: 'https://id.example', id, attributes: {} },
    })
    for (const id of ['p-1', 'p-2'])
      await flow.remember(of(id), { texts: [{ origin: 'user', integrity: 'user', classes: [], value: 'My name is Ada.' }] })
    await keep('p-2')
    held = [{ id: 'hold-1', ground: '17(3)(e)', notice: 'litigation' }]
    expect(await at.erasures.find('p-1')).toMatchObject({ keys: 0, sessions: 1, holds: held })
    expect(await request('p-1')).toMatchObject({ status: 'waiting' })
    const remembered = () => at.sessions.owned(at.vault.lookup('p-1'))
    expect(await remembered()).toHaveLength(1)
    held = []
    await at.erasures.resume()
    expect(await remembered()).toEqual([])
    expect((await at.log.read(0, await at.log.size())).at(-1)).toMatchObject({ verb: 'erasure.completed', detail: { sessions: 1 } })
    expect(await at.erasures.find('p-1')).toBeUndefined()
    expect(await at.erasures.find('p-2')).toMatchObject({ sessions: 1, keys: 1 })
    flow.close()
  })

  test('two at once are done one after the other', async () => {
    await keep('p-1')
    await keep('p-2')
    const done = await Promise.all(['p-1', 'p-2', 'p-1'].map(request))
    expect(done.map(({ status }) => status)).toEqual(['erased', 'erased', 'nothing'])
  })

  test('killed at any step is finished by the next start, or had not begun', { timeout: RUN_MS_MAX }, async () => {
    let killed = 0
    for await (const { step, ...found } of killErasure(STRIDE)) {
      killed++
      const whole = { neighbourReadable: true, unfinished: 0, verified: true, backupReadable: false }
      if (found.hadBegun) expect({ step, ...found }).toMatchObject({ ...whole, readable: false })
      else expect({ step, ...found }).toMatchObject({ ...whole, readable: true, certificates: 0, backupReadable: true })
      if (found.hadBegun) expect(found.certificates).toBeGreaterThan(0)
    }
    expect(killed).toBeGreaterThan(3)
  })
})
