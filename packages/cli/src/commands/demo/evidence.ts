import {
  formatProof,
  GatewayError,
  type NoteKey,
  parseProof,
  proveEntry,
  type ReadFile,
  readEntries,
  verifyLog,
  verifyProof,
} from '@sallyport/core'
import { auditKeyOf, logReader, problemOf } from '@sallyport/gateway'
import type { Measured } from './claims.ts'
import type { DemoReport } from './report.ts'
import type { World } from './world.ts'

export type Evidence = Pick<Measured, 'audit' | 'proof' | 'effects'>

/**
 * Verifies the log from its files once the gateway has ended, as `sallyport audit verify` does, and makes the proof of one
 * entry. Nothing of the gateway's memory takes part.
 * @param provedEntry Index of a decision; absent when the call that should have been denied never became one.
 */
export async function collectEvidence(world: World, provedEntry: number | undefined): Promise<Evidence> {
  await world.stopGateway()
  const read = logReader(world.home.logDir)
  const key = auditKeyOf(world.home)
  const report = await verifyLog(read, { origin: key.name, keys: [key] })
  const effects = new Map<number, string>()
  for await (const { index, entry } of readEntries(read)) {
    if (entry.type === 'decision') effects.set(index, entry.enforced)
    if (entry.type === 'refusal') effects.set(index, 'deny')
  }
  const proof = provedEntry === undefined ? undefined : await prove(read, provedEntry, key)
  return {
    audit: { ok: report.ok, entries: report.size, rootHash: report.root, ...problemOf(report) },
    effects,
    ...(proof && { proof }),
  }
}

/** Makes the proof as text, then checks the text alone with the log's public key, as an outsider would. */
async function prove(read: ReadFile, index: number, key: NoteKey): Promise<NonNullable<DemoReport['proof']>> {
  const text = formatProof(await proveEntry(read, index))
  const parsed = parseProof(text)
  if (parsed === undefined) throw new GatewayError('AUDIT_INVALID', 'the proof is not readable')
  const result = verifyProof(parsed, { origin: key.name, keys: [key] })
  if (!result.ok) return { entry: index, ok: false, text, fault: result.fault }
  const isDenial = result.entry.type === 'decision' && result.entry.enforced === 'deny' && result.entry.index === index
  return { entry: index, ok: isDenial, text, ...(isDenial ? {} : { fault: 'the proved entry is not the denial' }) }
}
