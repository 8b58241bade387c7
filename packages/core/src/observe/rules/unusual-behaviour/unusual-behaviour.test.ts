import { describe, expect, test } from 'vitest'
import { AlertOptions } from '../../alert-options.ts'
import type { Incident } from '../../define-rule.ts'
import { sampleEvent } from '../../fixtures/samples.ts'
import type { SecurityEvent } from '../../security-event.ts'
import { unusualBehaviour } from './index.ts'

const OPTIONS = AlertOptions.parse({ behaviourSessions: 120 })
const MINUTE = 60_000
const DENIED = {
  evaluated: 'deny',
  enforced: 'deny',
  mode: 'enforce',
  reasons: [] as string[],
  obligations: [] as string[],
} as const

/** `mail.read` reads what strangers wrote; a name with `!` changes something. */
function watching(options: AlertOptions = OPTIONS) {
  const state = unusualBehaviour.initial()
  let timeMs = Date.UTC(2026, 10, 1)
  let sessions = 0
  const see = (event: Partial<SecurityEvent>): readonly Incident[] =>
    unusualBehaviour.step(state, { type: 'event', event: { ...sampleEvent('succeeded'), timeMs, ...event } }, options)
  const outcome = (tool: string, session: string): Partial<SecurityEvent> => {
    const [server = '', name = ''] = tool.replace('!', '').split('.')
    const effect = tool.endsWith('!') ? 'unconfirmed' : 'none'
    return {
      type: 'outcome',
      agent: 'clerk',
      task: 'mail',
      session,
      action: { kind: 'tool.call', server, name, digest: 'd' },
      source: server === 'mail' ? { channel: 'email', trust: 'email' } : { channel: 'database', trust: 'internal' },
      outcome: { status: 'success', reasons: [], effect, durationMs: 1 },
    }
  }
  return {
    see,
    /** A session in which a detector saw something, and whose last act was refused. */
    suspicious(tools: readonly string[]): void {
      timeMs += 60 * MINUTE
      sessions += 1
      for (const tool of tools) see(outcome(tool, `s${sessions}`))
      see({ ...outcome('mail.read', `s${sessions}`), type: sessions % 2 ? 'detection' : 'decision', verdict: DENIED })
    },
    /** A session of its own, an hour after the last. */
    session(tools: readonly string[], also: Partial<SecurityEvent> = {}): readonly Incident[] {
      timeMs += 60 * MINUTE
      sessions += 1
      return tools.flatMap((tool) => see({ ...outcome(tool, `s${sessions}`), ...also }))
    },
  }
}

const USUAL = [
  ['mail.read', 'crm.find', 'crm.note!'],
  ['crm.find', 'crm.note!'],
  ['mail.read', 'mail.read', 'crm.find'],
  ['crm.find', 'crm.find', 'crm.note!', 'crm.find'],
]
function learnt(count: number, options?: AlertOptions) {
  const watch = watching(options)
  const told = Array.from({ length: count }, (_, i) => watch.session(USUAL[i % USUAL.length] ?? [])).flat()
  return { watch, told }
}

describe('R111: an injection shows by what the agent does', () => {
  test('with few sessions: a change after foreign content that never followed; the same without foreign content is not told', () => {
    const { watch, told } = learnt(30)
    expect(told).toEqual([])
    expect(watch.session(['mail.read', 'crm.export!'])).toMatchObject([{ class: 'security', severity: 'medium', agent: 'clerk' }])
    expect(watch.session(['crm.find', 'crm.export!'])).toEqual([])
    expect(watch.session(['mail.read', 'crm.find', 'crm.note!'])).toEqual([])
  })
  test('a server the task never used, after foreign content, is told even when it is only read', () => {
    const { watch } = learnt(30)
    expect(watch.session(['mail.read', 'files.read'])).toMatchObject([{ message: expect.stringContaining('server') }])
    expect(watch.session(['files.read'])).toEqual([])
  })
  test('with enough sessions: runs that hardly ever happen, and the usual ones not', () => {
    const { watch } = learnt(121)
    expect(watch.session(['mail.read', 'crm.export!', 'crm.wipe!', 'crm.export!'])).toMatchObject([
      { message: expect.stringContaining('run of acts') },
    ])
    for (const usual of USUAL) expect(watch.session(usual)).toEqual([])
  })
  test('nothing is said before enough is known, of no other task, and not of an agent nobody learnt', () => {
    expect(learnt(14).watch.session(['mail.read', 'crm.export!'])).toEqual([])
    expect(learnt(30).watch.session(['mail.read', 'crm.export!'], { task: 'other' })).toEqual([])
    expect(learnt(30).watch.session(['mail.read', 'crm.export!'], { agent: 'other' })).toEqual([])
  })
  test('nobody teaches it: a session with a finding or a refusal is not learnt, and a full baseline is fixed', () => {
    const { watch } = learnt(30)
    for (let i = 0; i < 40; i++) watch.suspicious(['mail.read', 'crm.export!'])
    expect(watch.session(['mail.read', 'crm.export!'])).toHaveLength(1)
    const full = learnt(121).watch
    for (let i = 0; i < 200; i++) full.session(['crm.find', 'crm.export!', 'crm.wipe!', 'crm.export!'])
    expect(full.session(['mail.read', 'crm.export!', 'crm.wipe!', 'crm.export!'])).toHaveLength(1)
  })
  test('the same entries give the same alerts', () => {
    const run = () => learnt(130).watch.session(['mail.read', 'crm.wipe!', 'crm.wipe!'])
    expect(run()).toEqual(run())
  })
})
