import { type Entry, GatewayError, isGatewayError, parseProof, verifyProof } from '@sallyport/core'
import { auditKeyOf } from '@sallyport/gateway'
import type { ContentVault, VaultRef } from '../../../packages/gateway/src/content-vault.ts'
import { plantedIn, spellings } from '../../../packages/gateway/src/fixtures/spellings.ts'
import type { Clinic, Door } from './clinic.ts'
import { patientOf, valuesOf } from './people.ts'

/** What was found over one adapter. Counts are contents unless they say otherwise. */
export interface ErasureFigures {
  readonly [key: string]: number | boolean
  readonly people: number
  /** Gateways besides the one that erases, with every key in memory. */
  readonly replicas: number
  readonly erasedPeople: number
  readonly contents: number
  readonly erased: number
  /** Before the erasure, and in the control experiment with the backup: all of them must be readable. */
  readonly readableBefore: number
  readonly backupReadableBefore: number
  /** After it: none of the erased may be. */
  readonly readableAfter: number
  readonly replicaReadableAfter: number
  readonly backupReadableAfter: number
  /** Readings of erased content that said so, of all such readings. */
  readonly typedErased: number
  readonly typedReadings: number
  readonly neighbours: number
  readonly neighboursReadable: number
  readonly receipts: number
  readonly logVerifies: boolean
  readonly plantedHits: number
  /** Spellings of planted values that the search finds when they are there, of all. */
  readonly controlFound: number
  readonly controlPlanted: number
}

interface Kept {
  readonly index: number
  readonly subject: string
  readonly ref: VaultRef
  readonly commitment: string
}

/** Keeps content of people, takes a backup, erases every third person, and tries to read everything everywhere. */
export async function measureErasure(clinic: Clinic, people: number): Promise<ErasureFigures> {
  const patients = Array.from({ length: people }, (_, i) => patientOf(i))
  const doors = [clinic.first, ...(clinic.replica ? [clinic.replica] : [])]
  for (const [i, patient] of patients.entries()) await (doors[i % doors.length] as Door).agent().call('ehr__chart', patient)
  const kept = (await clinic.governed.entries()).flatMap(keptOf)
  const before = await readAll(clinic.first, kept)
  // Also fills the memory of the other gateway with every key.
  if (clinic.replica) await readAll(clinic.replica, kept)
  const restore = await clinic.backup()
  const backupReadableBefore = await readableIn(await restore(), kept)
  const victims = patients.filter((_, i) => i % 3 === 0)
  const erasures = await eraseAll(
    clinic,
    victims.map(({ patient }) => patient),
  )
  const gone = kept.filter(({ subject }) => erasures.tokens.has(subject))
  const others = kept.filter(({ subject }) => !erasures.tokens.has(subject))
  const after = await readAll(clinic.first, gone)
  const replica = clinic.replica ? await readAll(clinic.replica, gone) : { readable: 0, erased: 0 }
  const neighbours = await readAll(clinic.first, others)
  const backupReadableAfter = await readableIn(await restore(), gone)
  const verified = await clinic.first.control('bob', 'audit.verify', {})
  const values = valuesOf(patients)
  const bytes = await clinic.bytesAtRest()
  const planted = values.flatMap((value) => spellings(value).map((spelling) => ({ value, spelling })))
  return {
    people,
    replicas: doors.length - 1,
    erasedPeople: victims.length,
    contents: kept.length,
    erased: gone.length,
    readableBefore: before.readable,
    backupReadableBefore,
    readableAfter: after.readable,
    replicaReadableAfter: replica.readable,
    backupReadableAfter,
    typedErased: after.erased + replica.erased,
    typedReadings: gone.length * doors.length,
    neighbours: others.length,
    neighboursReadable: neighbours.readable,
    receipts: erasures.receipts,
    logVerifies: verified['ok'] === true,
    bytesSearched: bytes.length,
    plantedHits: plantedIn(bytes, values).length,
    controlFound: planted.filter(
      ({ value, spelling }) => plantedIn(Buffer.concat([Buffer.from('…'), spelling]), [value]).length === 1,
    ).length,
    controlPlanted: planted.length,
  }
}

function keptOf(entry: Entry): Kept[] {
  const content = entry.type === 'decision' ? entry.input : entry.type === 'outcome' ? entry.output : undefined
  if (!content?.vault || !('subject' in entry) || entry.subject === undefined) return []
  return [{ index: entry.index, subject: entry.subject, ref: content.vault, commitment: content.commitment }]
}

async function readAll(door: Door, kept: readonly Kept[]): Promise<{ readable: number; erased: number }> {
  const found = { readable: 0, erased: 0 }
  for (const { index } of kept) {
    const code = await door.control('bob', 'content.read', { index, purpose: 'evaluation' }).then(
      () => 'ok',
      (error: unknown) => (error as { code?: string }).code,
    )
    if (code === 'ok') found.readable++
    else if (code === 'CONTENT_ERASED') found.erased++
  }
  return found
}

async function readableIn(vault: ContentVault, kept: readonly Kept[]): Promise<number> {
  let readable = 0
  for (const { ref, commitment } of kept) {
    try {
      await vault.read(ref, commitment)
      readable++
    } catch (error) {
      if (!isGatewayError(error)) throw error
    }
  }
  await vault.close()
  return readable
}

async function eraseAll(
  { first, governed }: Clinic,
  subjects: readonly string[],
): Promise<{ tokens: Set<string>; receipts: number }> {
  const tokens = new Set<string>()
  const key = auditKeyOf(governed.home)
  let receipts = 0
  for (const subject of subjects) {
    const done = await first.control('bob', 'subject.erase', { subject, authority: 'evaluation' })
    if (done['status'] !== 'erased' || done['isDestroyed'] !== true)
      throw new GatewayError('INTERNAL', 'an erasure was not carried out')
    tokens.add((done['found'] as { token: string }).token)
    const proof = parseProof(done['receipt'] as string)
    if (proof && verifyProof(proof, { origin: key.name, keys: [key] }).ok) receipts++
  }
  return { tokens, receipts }
}
