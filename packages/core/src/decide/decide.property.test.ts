import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EFFECTS, type Vote } from '../model/decision.ts'
import { SCOPES } from '../model/manifest.ts'
import { REASONS, type ReasonCode } from '../reasons.ts'
import { combine } from './combine.ts'
import { decide } from './decide.ts'
import { anyAction, anyDenied, anyManifest } from './fixtures/arbitraries.ts'
import { alice, compiled, facts } from './fixtures/world.ts'

const anyVote: fc.Arbitrary<Vote> = fc.record({
  rule: fc.constantFrom('a', 'b'),
  effect: fc.constantFrom(...EFFECTS),
  reason: fc.constantFrom(...(Object.keys(REASONS) as ReasonCode[])),
  mode: fc.constantFrom('enforce', 'observe'),
})
const strictness = (effect: (typeof EFFECTS)[number]) => EFFECTS.indexOf(effect)

const anyTool = fc.record({
  state: fc.constantFrom('approved' as const, 'unreviewed' as const),
  effect: fc.constantFrom(...SCOPES),
})

test('law: a further vote never loosens a decision, enforced or evaluated', () => {
  fc.assert(
    fc.property(fc.array(anyVote), anyVote, (votes, extra) => {
      const before = combine(votes)
      const after = combine([...votes, extra])
      // An allow must come from somewhere: the first enforcing vote ends the silence.
      if (votes.some((vote) => vote.mode === 'enforce')) {
        expect(strictness(after.enforced)).toBeGreaterThanOrEqual(strictness(before.enforced))
        expect(strictness(after.evaluated)).toBeGreaterThanOrEqual(strictness(before.evaluated))
      }
      expect(strictness(after.evaluated)).toBeGreaterThanOrEqual(strictness(after.enforced))
    }),
  )
})

test('law: silence is a deny, and an observing rule alone allows nothing', () => {
  fc.assert(
    fc.property(fc.array(anyVote.map((vote) => ({ ...vote, mode: 'observe' as const }))), (votes) => {
      expect(combine(votes)).toMatchObject({ enforced: 'deny', evaluated: 'deny', reasons: ['no_vote'] })
    }),
  )
})

test('law: only an allowed act carries obligations', () => {
  fc.assert(
    fc.property(fc.array(anyVote), (votes) => {
      const decision = combine(votes, [{ type: 'project_fields', mode: 'enforce', fields: ['a'] }])
      expect(decision.obligations.length).toBe(decision.enforced === 'allow' ? 1 : 0)
    }),
  )
})

test('law: decide is deterministic and changes nothing it is given', () => {
  fc.assert(
    fc.property(anyManifest, anyAction, anyTool, (manifest, action, tool) => {
      const before = JSON.stringify({ manifest, action, tool })
      const first = decide(alice, action, [], facts(compiled(manifest), { tool }))
      expect(decide(alice, action, [], facts(compiled(manifest), { tool }))).toEqual(first)
      expect(JSON.stringify({ manifest, action, tool })).toBe(before)
    }),
  )
})

test('R034 law: adding a deny never allows more', () => {
  fc.assert(
    fc.property(anyManifest, anyAction, anyTool, anyDenied, (manifest, action, tool, more) => {
      const decided = (denied: string[]) => decide(alice, action, [], facts(compiled({ ...manifest, denied }), { tool }))
      expect(strictness(decided([...manifest.denied, ...more]).enforced)).toBeGreaterThanOrEqual(
        strictness(decided(manifest.denied).enforced),
      )
    }),
  )
})

test('R039 law: an unsigned version allows only what the signed one allows, and new reads at tier low or medium', () => {
  fc.assert(
    fc.property(anyManifest, anyManifest, anyAction, anyTool, (baseline, next, action, tool) => {
      const unsigned = decide(alice, action, [], facts(compiled(next, { baseline }), { tool }))
      if (unsigned.enforced !== 'allow') return
      const name = `${action.server}.${action.name}`
      const before = baseline.tasks['reconcile']?.tools[name]
      const now = next.tasks['reconcile']?.tools[name]
      const isNewRead = before === undefined && now?.scope === 'read' && now.tier !== 'high'
      const signed = decide(alice, action, [], facts(compiled(baseline), { tool }))
      expect(isNewRead || signed.enforced === 'allow').toBe(true)
      if (isNewRead) expect(tool.effect).toBe('read')
    }),
    { numRuns: 1_000 },
  )
})

test('R026 law: an act without a grant is never allowed', () => {
  fc.assert(
    fc.property(anyManifest, fc.string(), fc.string(), (manifest, server, name) => {
      const action = { kind: 'tool.call', server, name, args: {}, digest: 'd' } as const
      const granted = Object.hasOwn(manifest.tasks['reconcile']?.tools ?? {}, `${server}.${name}`)
      expect(granted || decide(alice, action, [], facts(compiled(manifest))).enforced === 'deny').toBe(true)
    }),
  )
})
