import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EFFECTS } from '../model/decision.ts'
import type { DecisionEntry } from '../model/entry.ts'
import type { Manifest } from '../model/manifest.ts'
import { SCOPES } from '../model/manifest.ts'
import { decide } from './decide.ts'
import { anyAction, anyManifest } from './fixtures/arbitraries.ts'
import { alice, compiled, facts, withoutTask, withoutUser } from './fixtures/world.ts'
import { replayDecision } from './replay.ts'

test('law: what is certain is what the decision would have been, and the rest is never stricter than it', () => {
  const principals = fc.constantFrom(alice, withoutUser(alice), withoutTask(alice))
  let certain = 0
  let open = 0
  fc.assert(
    fc.property(
      anyManifest,
      anyManifest,
      anyAction,
      fc.constantFrom(...SCOPES),
      principals,
      fc.boolean(),
      (a, b, action, effect, principal, isSame) => {
        const next = isSame ? a : b
        const under = (manifest: Manifest) =>
          decide(principal, action, [], facts(compiled(manifest), { tool: { state: 'approved', effect } }))
        const recorded = under(a)
        const { kind, server = '', name = '', digest } = action
        const entry = {
          action: { kind, server, name, digest },
          votes: recorded.votes,
          ...(principal.task !== undefined && { task: principal.task }),
          onBehalfOf: principal.user ? { user: principal.user.id, issuer: principal.user.issuer } : 'system',
        } as unknown as DecisionEntry
        const replayed = replayDecision(entry, { was: a, next, compiled: compiled(next), effectOf: () => effect })
        if (!replayed) throw new Error('not an act that a grant decides')
        expect(replayed.before).toBe(recorded.enforced)
        const truth = under(next).enforced
        if (replayed.isCertain) expect(replayed.after).toBe(truth)
        else expect(EFFECTS.indexOf(replayed.after)).toBeLessThanOrEqual(EFFECTS.indexOf(truth))
        if (isSame) expect(replayed.isCertain).toBe(true)
        if (replayed.isCertain) certain++
        else open++
      },
    ),
    { numRuns: 500 },
  )
  expect(certain).toBeGreaterThan(open)
  expect(open).toBeGreaterThan(0)
})
