import { expect, test } from 'vitest'
import { minute, STORY, storyLog, SUBJECT } from './fixtures/story-log.ts'
import { LogQuery } from './log-query.ts'
import { type LookThrough, searchLog, windowOf } from './search-log.ts'

async function found(query: LogQuery): Promise<number[]> {
  const { files } = await storyLog()
  const read = (path: string) => files.get(path)
  const range = await windowOf(read, query, STORY.length)
  const through = async (how: LookThrough): Promise<number[]> => {
    const indexes: number[] = []
    for await (const { index } of searchLog(read, { ...LogQuery.parse(query), ...range }, how)) indexes.push(index)
    return indexes
  }
  const indexes = await through({})
  // Leaving out what cannot match leaves out no match.
  const utf8 = new TextDecoder()
  expect(await through({ holds: (bytes, text) => utf8.decode(bytes).includes(text) })).toEqual(indexes)
  return indexes
}

test.each<[string, LogQuery, number[]]>([
  ['R120 R131: a session, from its opening on', { session: 's-2' }, [1, 2, 3, 5]],
  ['R138: a patient’s data, by whom via which agent, also where nobody knows what happened', { subject: SUBJECT }, [2, 3, 4, 8]],
  ['R138: with a class of data', { class: 'phi', agent: 'nurse' }, [4, 8]],
  ['R119: an agent', { agent: 'clerk' }, [2, 3, 5, 7, 9]],
  ['R121 R246: a user', { user: 'ann' }, [2, 3, 5]],
  ['R121: work that no user started', { user: 'system' }, [4, 8]],
  ['R246: who acted on the gateway itself', { user: 'alice', type: 'admin' }, [0, 1, 10, 11]],
  ['an act', { act: 'b' }, [4, 8]],
  ['R246: the same call, whoever made it', { digest: 'd'.padEnd(64, '0') }, [7, 9]],
  ['R131 R268: a trace id the client sent', { correlation: '4bf92f3577b34da6a3ce929d0e0e4736' }, [2, 3]],
  ['a tool', { tool: 'ehr.read' }, [2, 3, 4, 5, 7, 8, 9]],
  ['a server', { tool: 'ehr' }, [2, 3, 4, 5, 7, 8, 9]],
  ['another tool', { tool: 'ehr.write' }, []],
  ['denied', { effect: 'deny' }, [5]],
  ['allowed, with what came of it', { effect: 'allow' }, [2, 3, 4, 7, 8, 9]],
  ['failed', { status: 'failure' }, [9]],
  ['of one type only', { subject: SUBJECT, type: 'unknown' }, [8]],
  ['refusals', { type: 'refusal' }, [6]],
  ['verbs that start so', { verb: 'gateway.*' }, [0, 11]],
  ['a verb and its target', { verb: 'manifest.signed', target: 'clerk' }, [10]],
  ['everything', {}, STORY.map((_, i) => i)],
  ['a window in time', { since: minute(3), until: minute(5) }, [3, 4]],
  ['a window in time between entries', { since: minute(2.5), until: minute(2.6) }, []],
  ['a window in indexes', { from: 10 }, [10, 11]],
  ['what completes an act from before the window', { subject: SUBJECT, from: 5 }, [8]],
  ['R131: so too by trace', { correlation: '4bf92f3577b34da6a3ce929d0e0e4736', from: 3 }, [3]],
])('%s', async (_, query, indexes) => {
  expect(await found(query)).toEqual(indexes)
})

test('an unknown member, a value without end and a time without milliseconds are refused', () => {
  for (const query of [
    { name: 'x' },
    { session: 'x'.repeat(501) },
    { since: '2026-01-01T00:00:00Z' },
    { from: -1 },
    { subject: 'x' },
  ])
    expect(LogQuery.safeParse(query).success, JSON.stringify(query)).toBe(false)
})

test('a window over many bundles reads only a few of them', async () => {
  const { files } = await storyLog(Array.from({ length: 3_000 }, () => STORY[6] as (typeof STORY)[number]))
  const seen = new Set<string>()
  const read = (path: string) => {
    seen.add(path)
    return files.get(path)
  }
  expect(await windowOf(read, { since: minute(1_700), until: minute(1_701) }, 3_000)).toEqual({ from: 1_700, to: 1_701 })
  expect([...seen].filter((path) => files.has(path)).length).toBeLessThan(6)
})
