import { expect, test } from 'vitest'
import { adminKind } from './admin-kinds.ts'

test.each([
  ['isolate', 'agent.isolated'],
  ['manifest.sign', 'policy.changed'],
  ['manifest.show', 'record.read'],
  ['log.key.rotated', 'key.changed'],
  ['log.gap', 'log.gap'],
  ['log.alive', 'admin.done'],
  ['agent.list', 'record.read'],
  ['agent.revoke', 'access.changed'],
  ['witness.contradiction', 'witness.contradiction'],
  ['witness.restored', 'admin.done'],
  ['approval.asked', 'approval.asked'],
  ['approval.decide', 'approval.decided'],
  ['approval.show', 'record.read'],
  ['gateway.stop', 'gateway.changed'],
  ['never.heard.of', 'admin.done'],
  ['', 'admin.done'],
  ['.', 'admin.done'],
  ['constructor', 'admin.done'],
  ['__proto__', 'admin.done'],
])('R270: %j is %s', (verb, kind) => expect(adminKind(verb, 'done').kind).toBe(kind))

test('R270: whatever was refused is a refusal', () => expect(adminKind('isolate', 'refused').kind).toBe('admin.refused'))
