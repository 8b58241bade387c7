import { describe, expect, test } from 'vitest'
import { alarmsOf } from './alarms.tsx'

const witness = { name: 'witness.example', size: 3 }
const held = { atLeast: 1, witnessed: 3, isOverdue: false, stopActs: 'writes', witnesses: [witness] }

describe('what about the log cannot wait', () => {
  test('a log that everybody vouches for, or that nobody was asked to, raises nothing', () => {
    expect(alarmsOf({})).toEqual([])
    expect(alarmsOf({ witnesses: held, anchors: [{ id: 'bucket', size: 3 }] })).toEqual([])
  })

  test('a witness that saw another log comes first, then who is late, then what takes no more; nothing in them hides', () => {
    const contradiction = { reason: 'root\u202E differs', atMs: 0 }
    const witnesses = { ...held, isOverdue: true, witnesses: [witness, { ...witness, name: 'other.example', contradiction }] }
    expect(alarmsOf({ witnesses, anchors: [{ id: 'bucket', size: 1, problem: 'access denied' }] })).toEqual([
      expect.stringContaining('Witness other.example vouches for another log than this one: root\\u{202e} differs'),
      'Fewer than 1 witnesses vouch for the log, for too long. Refused meanwhile: writes acts.',
      'Anchor bucket takes no more: access denied.',
    ])
  })
})
