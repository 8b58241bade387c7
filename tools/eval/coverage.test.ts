import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { INGESTION_CHANNELS } from '@sallyport/core'
import { expect, test } from 'vitest'
import { tempFolder } from '../../packages/gateway/src/fixtures/world.ts'
import { DRIVERS } from './coverage.ts'
import { cellsOf, formatLists, nameOf, requireDrivers } from './crossings/cells.ts'

test('R049: every format of every protocol has a driver, so no cell can be left out', async () => {
  const lists = await formatLists()
  expect([...lists.keys()]).toEqual(Object.keys(DRIVERS).sort())
  for (const [protocol, list] of lists) expect(() => requireDrivers(protocol, list, DRIVERS[protocol] ?? {})).not.toThrow()
})

test('R049: every channel by which content comes goes through every place where it can, in both ways to answer and every revision', async () => {
  const cells = cellsOf(await formatLists())
  expect(new Set(cells.map(nameOf)).size).toBe(cells.length)
  for (const channel of INGESTION_CHANNELS) {
    const own = cells.filter((cell) => cell.protocol === 'mcp' && cell.channel === channel && cell.format.stage === 'result')
    const [formats, pairings] = [new Set(own.map(({ format }) => format.id)).size, new Set(own.map(({ pairing }) => pairing)).size]
    expect([formats, pairings]).toEqual([18, 4])
    expect(own.length).toBe(formats * pairings * 2)
  }
})

test('R049: a protocol without a list, a format without a driver and a driver without a format break the run', async () => {
  const folder = tempFolder()
  try {
    mkdirSync(join(folder.path, 'telex'))
    await expect(formatLists(folder.path)).rejects.toThrow('protocol telex exports no list')
    writeFileSync(join(folder.path, 'telex/formats.ts'), 'export const telex = { pairings: ["v1"], formats: [] }\n')
    await expect(formatLists(folder.path)).rejects.toThrow('protocol telex exports no list')
  } finally {
    folder.remove()
  }
  const list = { pairings: ['v1'], formats: [{ id: 'line', direction: 'in', stage: 'result', streaming: ['json'] }] } as const
  expect(() => requireDrivers('telex', list, {})).toThrow('formats without a driver: line')
  expect(() => requireDrivers('telex', list, { line: 1, more: 1 })).toThrow('drivers without a format: more')
})
