import { describe, expect, test } from 'vitest'
import type { Channel } from '../model/channel.ts'
import { detectors } from './detectors/index.ts'
import { overDefence } from './fixtures/over-defence.ts'

const RULES = new Set([
  'boundary-markers',
  'encoded-instructions',
  'exfiltration-requests',
  'instruction-override',
  'role-reassignment',
  'tool-imperatives',
])
const severe = (text: string, channel: Channel) =>
  detectors
    .filter(({ id, channels }) => RULES.has(id) && channels.includes(channel))
    .flatMap(({ id, detect }) =>
      detect(text, { channel, path: '', field: '', view: 'text', otherTools: [] }).map((seen) => ({ id, ...seen })),
    )
    .filter(({ severity }) => severity === 'high')

describe('R053, R054: words of attacks in harmless sentences give no high finding', () => {
  test.each(overDefence)('%s', (text) => {
    for (const channel of ['user', 'document', 'email'] as const) expect(severe(text, channel)).toEqual([])
  })
  test('there are at least 150', () => expect(new Set(overDefence).size).toBeGreaterThanOrEqual(150))
})
