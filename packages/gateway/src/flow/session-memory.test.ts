import { expect, test } from 'vitest'
import type { Item } from './session-item.ts'
import { SessionMemory } from './session-memory.ts'

const read = (integrity: 'web' | 'user', text: string): Item => ({
  texts: [{ origin: integrity === 'user' ? 'user' : 'tool', integrity, classes: [], seen: [], text }],
})
const anew = (upTo: number, text: string): Item => ({ ...read('user', text), anew: { upTo } })
const texts = (memory: SessionMemory): readonly string[] => memory.contents().map(({ text }) => text)

test('R064: what came while a summary was confirmed is not forgotten with what it sums up', () => {
  const memory = new SessionMemory()
  memory.add({ ...read('web', 'old'), delivered: ['a'], calls: [{ name: 'send', args: '{}' }] }, 1)
  memory.add(read('web', 'meanwhile'), 2)
  memory.add(anew(1, 'summary'), 3)
  expect([texts(memory), memory.label.integrity]).toEqual([['meanwhile', 'summary'], 'web'])
  expect([memory.calls, [...memory.delivered]]).toEqual([[], []])
  memory.add(anew(3, 'again'), 4)
  expect([texts(memory), memory.label.integrity]).toEqual([['again'], 'user'])
})

test('however much came, no label is dropped before its time', () => {
  const memory = new SessionMemory()
  for (let seq = 1; seq <= 6_000; seq++) memory.add(read(seq === 5_999 ? 'web' : 'user', 'x'), seq)
  memory.add(anew(5_998, 'summary'), 6_001)
  expect(memory.label.integrity).toBe('web')
  memory.add(anew(6_001, 'summary'), 6_002)
  expect(memory.label.integrity).toBe('user')
})
