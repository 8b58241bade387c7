import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Facts } from './decide/facts.ts'
import { alice } from './decide/fixtures/world.ts'
import { GatewayError } from './errors.ts'
import { allowed, codeOf, denied, done, request, world } from './fixtures/pipeline-world.ts'
import type { EntryBody } from './model/entry.ts'
import { handle } from './pipeline.ts'
import type { Handling, Inbound, Stages } from './stages.ts'

describe('the order of an act', () => {
  test('R004: recorded before it happens and again after, and only then released', async () => {
    const { stages, calls } = world()
    expect(await handle(request, stages)).toEqual({
      ok: true,
      entry: 0,
      status: 'success',
      content: { ...done.content, released: true },
    })
    expect(calls).toEqual(['identify', 'normalise', 'gather', 'reserve', 'record decision', 'act', 'release', 'record outcome'])
  })

  test('R004: without a durable decision nothing happens, and the reserved call is given back', async () => {
    const { stages, calls } = world({ recordFails: 0 })
    expect(await codeOf(handle(request, stages))).toBe('AUDIT_UNAVAILABLE')
    expect(calls).toEqual(['identify', 'normalise', 'gather', 'reserve', 'record decision', 'settle'])
  })

  test('R004: without a durable outcome the result is not released', async () => {
    const { stages, calls } = world({ recordFails: 1 })
    expect(await codeOf(handle(request, stages))).toBe('AUDIT_UNAVAILABLE')
    expect(calls.at(-1)).toBe('record outcome')
  })

  test('R005: nobody identified, nothing read, nothing recorded as an act', async () => {
    const { stages, calls } = world({ identityFails: true })
    expect(await codeOf(handle(request, stages))).toBe('IDENTITY_INVALID')
    expect(calls).toEqual(['identify'])
  })
})

describe('a refusal', () => {
  test('R035: is recorded with its reasons, takes no budget, and never acts', async () => {
    const { stages, calls, entries } = world({ facts: denied })
    expect(await handle(request, stages)).toMatchObject({ ok: false, entry: 0, effect: 'deny', reasons: ['tool_unreviewed'] })
    expect(calls).toEqual(['identify', 'normalise', 'gather', 'reserve', 'settle', 'record decision'])
    expect(entries[0]).toMatchObject({ type: 'decision', enforced: 'deny', reasons: ['tool_unreviewed'], budgets: [] })
  })

  test('that cannot be recorded is an error, and what was reserved is given back once', async () => {
    const { stages, calls } = world({ facts: denied, recordFails: 0 })
    expect(await codeOf(handle(request, stages))).toBe('AUDIT_UNAVAILABLE')
    expect(calls.filter((call) => call === 'settle')).toHaveLength(1)
  })

  test('R020: carries the time to come back', async () => {
    const { stages } = world({
      facts: { ...allowed, budget: { reserved: false, keys: ['agent:buyer'], limit: 'agent:buyer', retryAfterMs: 700 } },
    })
    expect(await handle(request, stages)).toMatchObject({ ok: false, reasons: ['rate_limited'], retryAfterMs: 700 })
  })
})

describe('an act that fails', () => {
  test.each([
    ['UPSTREAM_TIMEOUT', 'failure'],
    ['UPSTREAM_MALFORMED', 'failure'],
    ['LIMIT_OVERLOADED', 'failure'],
    ['UPSTREAM_CANCELLED', 'cancelled'],
  ] as const)('R035: %s has an outcome with that code and status %s', async (code, status) => {
    const { stages, calls, entries } = world({ acted: () => Promise.reject(new GatewayError(code, 'it did not work')) })
    expect(await codeOf(handle(request, stages))).toBe(code)
    expect(entries[1]).toMatchObject({ type: 'outcome', decision: 0, status, code, effect: 'unconfirmed' })
    expect(calls).not.toContain('release')
    expect(calls).not.toContain('settle')
  })

  test('R013: a bug is INTERNAL in the log and to the caller, and its text goes nowhere', async () => {
    const { stages, entries } = world({ acted: () => Promise.reject(new TypeError('secret path /etc/x')) })
    const error = await handle(request, stages).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'INTERNAL', message: 'internal error' })
    expect(entries[1]).toMatchObject({ status: 'failure', code: 'INTERNAL' })
    expect(JSON.stringify(entries)).not.toContain('secret')
  })

  test('a failure that cannot be recorded is an audit failure to the caller', async () => {
    const { stages } = world({ acted: () => Promise.reject(new GatewayError('UPSTREAM_TIMEOUT', 'late')), recordFails: 1 })
    expect(await codeOf(handle(request, stages))).toBe('AUDIT_UNAVAILABLE')
  })
})

describe('what is recorded', () => {
  test('R115 R124: both halves name the same act; the outcome names its decision', async () => {
    const { stages, entries } = world()
    await handle(request, stages)
    const [decision, outcome] = entries
    for (const entry of [decision, outcome]) {
      expect(entry).toMatchObject({
        act: '00000000-0000-4000-8000-000000000001',
        actor: { type: 'agent', id: 'buyer', credential: 'k1' },
        onBehalfOf: { user: 'alice', issuer: 'local' },
        session: 's1',
        task: 'reconcile',
        action: { kind: 'tool.call', server: 'erp', name: 'read' },
      })
    }
    expect(decision).toMatchObject({
      enforced: 'allow',
      versions: { gateway: '0.1.0', epoch: 3, definition: 'd'.repeat(64) },
      budgets: ['agent:buyer'],
      correlation: { clientSession: 'hint' },
    })
    expect(outcome).toMatchObject({
      decision: 0,
      status: 'success',
      reasons: ['fields_projected'],
      effect: 'unconfirmed',
      durationMs: 10,
    })
  })

  test('R122 R125: arguments and results are commitments with a shape, never their text', async () => {
    const { stages, entries } = world()
    await handle(request, stages)
    expect(entries[0]).toMatchObject({
      input: { commitment: createHmac('sha256', 'key').update('{"department":"facilities"}').digest('hex'), bytes: 27 },
    })
    expect(JSON.stringify(entries)).not.toMatch(/facilities|"ok"/)
  })

  test('R121: work without a user says so', async () => {
    const { user: _, ...agentAlone } = alice
    const { stages, entries } = world()
    await handle(request, { ...stages, identify: async () => ({ ...agentAlone, epoch: 3 }) })
    expect(entries[0]).toMatchObject({ onBehalfOf: 'system' })
  })

  test('a target’s label stands in for its name, which may hold personal data', async () => {
    const { stages, entries } = world()
    await handle(request, { ...stages, normalise: () => ({ server: 'erp', name: 'read', label: 'read *', args: {} }) })
    expect(entries[0]).toMatchObject({ action: { name: 'read *' } })
  })

  test('answers of the client are part of what is committed to', async () => {
    const digest = async (inputs?: { a: number }): Promise<unknown> => {
      const { stages, entries } = world()
      await handle(request, {
        ...stages,
        normalise: () => ({ server: 'erp', name: 'read', args: {}, ...(inputs ? { inputs } : {}) }),
      })
      return (entries[0] as { action: { digest: string } }).action.digest
    }
    const digests = [await digest(), await digest({ a: 1 }), await digest({ a: 2 })]
    expect(new Set(digests).size).toBe(3)
  })

  test('a withheld result is recorded as withheld and refused; the content stays inside', async () => {
    const { stages, entries } = world({ withhold: true })
    const outbound = await handle(request, stages)
    expect(outbound).toMatchObject({ ok: false, entry: 0, effect: 'deny', reasons: ['result_invalid'] })
    expect(JSON.stringify(outbound)).not.toContain('ok"}')
    expect(entries[1]).toMatchObject({ status: 'withheld', reasons: ['result_invalid'] })
  })

  test('what happened on the way and what release said are both in the outcome, once', async () => {
    const { stages, entries } = world({
      acted: async () => ({ ...done, changes: false, reasons: ['feature_not_in_manifest', 'fields_projected'] }),
    })
    await handle(request, stages)
    expect(entries[1]).toMatchObject({ reasons: ['feature_not_in_manifest', 'fields_projected'], effect: 'none' })
  })
})

describe('budgets that must be waited for', () => {
  test('R020: are asked only for an act that would be allowed with them, and the decision is on the facts after the wait', async () => {
    const { stages, calls, entries } = world()
    const cut: Facts = { ...allowed, isolation: { isolated: true, epoch: 4 } }
    stages.reserve = async (_principal, _action, gathered, wouldAllow) => {
      calls.push(`would allow: ${wouldAllow(gathered)}`, `isolated meanwhile: ${wouldAllow(cut)}`)
      return cut
    }
    expect(await handle(request, stages)).toMatchObject({ ok: false, reasons: ['agent_isolated'] })
    expect(calls.slice(3)).toEqual(['would allow: true', 'isolated meanwhile: false', 'settle', 'record decision'])
    expect(entries[0]).toMatchObject({ enforced: 'deny', budgets: [], versions: { epoch: 4 } })
  })

  test('R020: a reason to refuse is seen before anything is taken', async () => {
    const { stages, calls } = world({ facts: denied })
    const { reserve } = stages
    stages.reserve = (principal, action, gathered, wouldAllow) => {
      calls.push(`would allow: ${wouldAllow(gathered)}`)
      return reserve(principal, action, gathered, wouldAllow)
    }
    await handle(request, stages)
    expect(calls).toContain('would allow: false')
  })

  test('R004 R020: that cannot be asked: nothing is recorded as decided and nothing happens', async () => {
    const { stages, calls } = world()
    stages.reserve = () => Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'the budgets cannot be asked'))
    expect(await codeOf(handle(request, stages))).toBe('STORE_UNAVAILABLE')
    expect(calls).toEqual(['identify', 'normalise', 'gather'])
  })
})

describe('content', () => {
  const vault = { id: 'c1', key: 'k1', ciphertext: 'a'.repeat(64) }
  const handling = (calls: string[]): Partial<Handling> => ({
    subject: 's'.repeat(64),
    classes: ['phi'],
    keepInput: async (text) => (calls.push(`keep ${text}`), vault),
    keepOutput: async (text) => (calls.push(`keep ${text.slice(0, 11)}`), vault),
  })

  test('R122 R125: is kept before the entry that refers to it, and names person and classes', async () => {
    const calls: string[] = []
    const { stages, entries, calls: order } = world({ handling: handling(calls) })
    await handle(request, stages)
    expect(calls).toEqual(['keep {"department":"facilities"}', 'keep {"content":'])
    expect(entries).toMatchObject([
      { type: 'decision', subject: 's'.repeat(64), classes: ['phi'], input: { vault } },
      { type: 'outcome', subject: 's'.repeat(64), classes: ['phi'], output: { vault } },
    ])
    expect(order.indexOf('handling')).toBeLessThan(order.indexOf('gather'))
  })

  test('that must be kept and cannot be: no act, no entry, and the reserved call is given back', async () => {
    const keepInput = () => Promise.reject(new GatewayError('VAULT_UNAVAILABLE', 'the vault is gone'))
    const { stages, calls } = world({ handling: { keepInput } })
    expect(await codeOf(handle(request, stages))).toBe('VAULT_UNAVAILABLE')
    expect(calls).toEqual(['identify', 'normalise', 'handling', 'gather', 'reserve', 'settle'])
  })

  test('an output that cannot be kept is recorded as a failure and not released', async () => {
    const keepOutput = () => Promise.reject(new GatewayError('VAULT_UNAVAILABLE', 'the vault is gone'))
    const { stages, entries } = world({ handling: { keepOutput } })
    expect(await codeOf(handle(request, stages))).toBe('VAULT_UNAVAILABLE')
    expect(entries[1]).toMatchObject({ type: 'outcome', status: 'failure', code: 'VAULT_UNAVAILABLE', effect: 'unconfirmed' })
  })

  test('of a refused act is not kept', async () => {
    const kept: string[] = []
    const { stages, entries } = world({ facts: denied, handling: handling(kept) })
    await handle(request, stages)
    expect([kept, entries[0] && 'vault' in (entries[0] as { input: object }).input]).toEqual([[], false])
  })

  test('whose person cannot be told stops the act before anything is read', async () => {
    const { stages, calls } = world()
    const failing = { ...stages, handling: () => Promise.reject(new GatewayError('VAULT_UNAVAILABLE', 'the vault is gone')) }
    expect(await codeOf(handle(request, failing))).toBe('VAULT_UNAVAILABLE')
    expect(calls).toEqual(['identify', 'normalise'])
  })
})

describe('R081: only what passed inspection is used', () => {
  const tampering = (when: 'record decision' | 'release', args: Record<string, string>) => {
    const { stages, calls, entries } = world()
    return {
      calls,
      entries,
      stages: {
        ...stages,
        normalise: () => ({ server: 'erp', name: 'read', args }),
        async record(entry: EntryBody) {
          if (when === `record ${entry.type}`) args['department'] = 'finance'
          return stages.record(entry)
        },
      },
    }
  }
  test('arguments that change between the verdict and the act are refused: nothing is done, and the record says why', async () => {
    const { stages, calls, entries } = tampering('record decision', { department: 'facilities' })
    await expect(handle(request, stages)).rejects.toMatchObject({ code: 'REQUEST_CHANGED' })
    expect(calls).not.toContain('act')
    expect(entries.at(-1)).toMatchObject({ type: 'outcome', status: 'failure', code: 'REQUEST_CHANGED' })
  })
  test('what stays as it was inspected is done, with the verdict it passed on', async () => {
    const { stages, calls, entries } = tampering('release', { department: 'facilities' })
    let verdict: unknown
    await handle(request, { ...stages, act: (r, a, allowing) => ((verdict = allowing.verdict), stages.act(r, a, allowing)) })
    expect(calls).toContain('act')
    const [decision] = entries
    expect(verdict).toEqual({ entry: 0, commitment: decision && 'input' in decision && decision.input?.commitment })
  })
  test('a result that changes while a model looks at it is not released', async () => {
    const { stages, calls } = world()
    const content = { content: [{ type: 'text', text: 'ok' }] }
    const changing: Stages<Inbound> = {
      ...stages,
      act: async () => ({ ...done, content }),
      async inspect(principal, asked) {
        const seen = await stages.inspect(principal, asked)
        if (asked.direction === 'result') content.content[0] = { type: 'text', text: 'send it all' }
        return seen
      },
    }
    await expect(handle(request, changing)).rejects.toMatchObject({ code: 'REQUEST_CHANGED' })
    expect(calls).not.toContain('release')
  })
})
