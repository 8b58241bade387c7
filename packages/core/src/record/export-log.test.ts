import { expect, test } from 'vitest'
import { exportLog, exportProofs } from './export-log.ts'
import { entriesOf, KEY, makeLog, ORIGIN, type Files } from './fixtures/memory-log.ts'
import { parseProof, verifyProof } from './proof.ts'
import { verifyLog } from './verify-log.ts'

const ENTRIES = entriesOf(700)
const TRUSTED = { origin: ORIGIN, keys: [KEY] }

test.each([0, 3, 256, 600])(
  'R116 R117: a log with a checkpoint over %i entries is exported as a plain tile log that verifies',
  async (size) => {
    const files = await makeLog(ENTRIES, size)
    const copy: Files = new Map()
    for await (const { path, bytes } of exportLog((path) => files.get(path))) copy.set(path, bytes)
    expect([...copy.keys()].filter((path) => path !== 'checkpoint' && !path.startsWith('tile/'))).toEqual([])
    expect([...copy.keys()].at(-1)).toBe('checkpoint')
    expect(await verifyLog((path) => copy.get(path), TRUSTED)).toMatchObject({ ok: true, size, checkpointed: size, durable: 0 })
  },
)

test('R116: a log with missing files or checkpoint is not exported as if whole', async () => {
  for (const path of ['checkpoint', 'tile/entries/000', 'tile/0/001']) {
    const files = await makeLog(ENTRIES, 600)
    files.delete(path)
    const drain = async (): Promise<void> => {
      for await (const file of exportLog((name) => files.get(name))) expect(file.bytes.length).toBeGreaterThan(0)
    }
    await expect(drain()).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
  }
})

test('R116: chosen entries are exported with a proof each', async () => {
  const files = await makeLog(ENTRIES)
  const seen: number[] = []
  const select = ({ entry }: { entry: { type: string } }): boolean => entry.type === 'decision'
  for await (const { index, proof } of exportProofs((path) => files.get(path), { from: 250, to: 260, select })) {
    const parsed = parseProof(proof)
    expect(parsed && verifyProof(parsed, TRUSTED).ok).toBe(true)
    seen.push(index)
  }
  expect(seen).toEqual([250, 252, 254, 256, 258])
})
