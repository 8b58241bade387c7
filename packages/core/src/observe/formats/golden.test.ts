import { expect, test } from 'vitest'
import { CONTEXT } from '../fixtures/context.ts'
import { sampleEvents } from '../fixtures/samples.ts'
import { formats } from './index.ts'

/** What receivers were configured for must not change unseen. */
test.each(formats.map((format) => [format.id, format] as const))(
  'R137: %s writes the samples as it always did',
  async (id, format) => {
    const lines = sampleEvents().map((event) => format.format(event, CONTEXT) ?? '')
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`fixtures/${id}.txt`)
  },
)
