import { describe, expect, test } from 'vitest'
import type { Entry, EntryBody } from '../model/entry.ts'
import { admin, completed, decided, START_MS, STORY } from './fixtures/story-log.ts'
import { gapName } from './gaps.ts'
import { Reconciler, type Reconciliation } from './reconcile.ts'

const S = 1_000

/** Entries with what they say and the second they were written in. */
function entriesOf(timed: readonly (readonly [EntryBody, number])[]): Entry[] {
  return timed.map(
    ([body, second], index) => ({ v: 1, index, time: new Date(START_MS + second * S).toISOString(), ...body }) as Entry,
  )
}
function reconcile(entries: readonly Entry[], reconciler = new Reconciler()): Reconciliation {
  for (const entry of entries) reconciler.add(entry)
  return reconciler.report()
}
const kinds = (entries: readonly Entry[]): string[] => reconcile(entries).gaps.map(gapName)
const start = (aliveMs = 60 * S, replica?: string) =>
  admin('gateway.start', { aliveMs, ...(replica === undefined ? {} : { replica }) })
const stop = (replica?: string) => admin('gateway.stop', replica === undefined ? {} : { replica })

test('R035 R115: every decision is counted under its agent with what became of it, and the counts agree', () => {
  const report = reconcile(entriesOf(STORY.map((body, i) => [body, i * 60])))
  expect(report).toMatchObject({
    entries: STORY.length,
    all: {
      decisions: { allow: 3, require_approval: 0, deny: 1 },
      outcomes: { success: 1, failure: 1 },
      unknown: 1,
      open: 0,
      earlier: 0,
    },
    agents: {
      clerk: { decisions: { allow: 2, deny: 1 }, outcomes: { success: 1, failure: 1 }, unknown: 0, open: 0 },
      nurse: { decisions: { allow: 1, deny: 0 }, outcomes: {}, unknown: 1, open: 0 },
    },
    refusals: 1,
    admin: 4,
    isBalanced: true,
    isTimeJudged: true,
    gaps: [],
    gapCount: 0,
  })
})

describe('R115: what does not add up is named', () => {
  const act = { act: 'a' }
  test.each<[string, Entry[], string[]]>([
    [
      'an act that nothing completed is open, not a gap, while it is young',
      entriesOf([
        [start(), 0],
        [decided(act), 1],
      ]),
      [],
    ],
    [
      'an outcome of no act',
      entriesOf([
        [start(), 0],
        [completed(act, 0), 1],
      ]),
      ['orphan:0-1'],
    ],
    [
      'an outcome of another act',
      entriesOf([
        [start(), 0],
        [decided(act), 1],
        [completed({ act: 'b' }, 1), 2],
      ]),
      ['orphan:1-2'],
    ],
    [
      'an outcome twice',
      entriesOf([
        [decided(act), 1],
        [completed(act, 0), 2],
        [completed(act, 0), 3],
      ]),
      ['orphan:1-2'],
    ],
    [
      'an outcome of a denied act',
      entriesOf([
        [decided(act, 'deny'), 1],
        [completed(act, 0), 2],
      ]),
      ['orphan:0-1'],
    ],
    [
      'a start without a stop',
      entriesOf([
        [start(), 0],
        [start(0), 0],
        [decided(act), 181],
      ]),
      ['ended:0-1'],
    ],
    [
      'silence',
      entriesOf([
        [start(), 0],
        [decided(act), 181],
      ]),
      ['silence:0-1'],
    ],
    [
      'idleness with signs of life',
      entriesOf([
        [start(), 0],
        [admin('log.alive'), 60],
        [admin('log.alive'), 200],
      ]),
      [],
    ],
    [
      'a stop and a later start',
      entriesOf([
        [start(), 0],
        [stop(), 5],
        [start(), 900],
      ]),
      ['down:1-2'],
    ],
    [
      'what a start writes before it listens is not the end of the time without a gateway',
      entriesOf([
        [start(), 0],
        [stop(), 5],
        [admin('manifest.loaded'), 900],
        [start(), 901],
      ]),
      ['down:1-3'],
    ],
    [
      'an end without a stop',
      entriesOf([
        [start(), 0],
        [start(), 900],
      ]),
      ['ended:0-1'],
    ],
    [
      'one replica ends while another runs',
      entriesOf([
        [start(60 * S, 'a'), 0],
        [start(60 * S, 'b'), 1],
        [start(60 * S, 'a'), 30],
      ]),
      ['ended:1-2'],
    ],
    [
      'one replica stops while another runs',
      entriesOf([
        [start(60 * S, 'a'), 0],
        [start(60 * S, 'b'), 1],
        [stop('a'), 2],
        [start(60 * S, 'a'), 30],
      ]),
      [],
    ],
    [
      'a replica went silent',
      entriesOf([
        [start(), 0],
        [admin('replica.silent', {}, 'b'), 1],
      ]),
      ['replica:0-1'],
    ],
    [
      'the clock was set',
      entriesOf([
        [start(), 0],
        [admin('clock.stepped', { byMs: -5_000 }), 1],
      ]),
      ['clock:0-1'],
    ],
    [
      'refusals that were only counted',
      entriesOf([
        [start(), 0],
        [{ type: 'refusal', actor: { type: 'unverified', id: 'x' }, code: 'X', detail: '', claims: {}, suppressed: 7 }, 1],
      ]),
      ['suppressed:0-1'],
    ],
    [
      'missing indexes',
      entriesOf(STORY.map((body, i) => [body, i]))
        .toSpliced(4, 1)
        .toSpliced(7, 1),
      ['index:3-5', 'index:7-9'],
    ],
  ])('%s', (_, entries, expected) => {
    expect(kinds(entries).slice(0, expected.length + 1)).toEqual(expected)
  })

  test('an entry that says nothing completes what it should is out of balance', () => {
    expect(
      reconcile(
        entriesOf([
          [decided(act), 1],
          [completed(act, 0), 2],
          [completed(act, 0), 3],
        ]),
      ).isBalanced,
    ).toBe(false)
  })

  test('without signs of life, silence is not judged, and the report says so', () => {
    expect(
      reconcile(
        entriesOf([
          [start(0), 0],
          [decided(act), 9_999],
        ]),
      ),
    ).toMatchObject({ isTimeJudged: false, gapCount: 0 })
    for (const unknown of [{}, { aliveMs: 0 }]) expect(new Reconciler({ from: 5, ...unknown }).report().isTimeJudged).toBe(false)
  })

  test('an act nothing completed for too long is told once', () => {
    const reconciler = new Reconciler()
    reconcile(
      entriesOf([
        [start(), 0],
        [decided(act), 1],
        [decided({ act: 'b' }), 50],
      ]),
      reconciler,
    )
    expect(reconciler.oldestOpen).toBe(1)
    expect(reconciler.overdue(new Date(START_MS + 10 * S).toISOString()).map(gapName)).toEqual(['open:1-1'])
    expect(reconciler.overdue(new Date(START_MS + 10 * S).toISOString())).toEqual([])
    expect(reconciler.oldestOpen).toBe(2)
  })

  test('a range that begins in the middle carries what it needs: the entry before, and what was decided earlier', () => {
    const entries = entriesOf([
      [start(), 0],
      [decided(act), 1],
      [completed(act, 1), 400],
    ])
    const before = entries[1] as Entry
    const report = reconcile(entries.slice(2), new Reconciler({ from: 2, before, aliveMs: 60 * S }))
    expect(report).toMatchObject({ all: { earlier: 1 }, isBalanced: true, gaps: [{ kind: 'silence', from: 1, to: 2 }] })
  })
})
