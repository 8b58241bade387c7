import { killErasure, type KilledErasure } from '../../packages/gateway/src/vault/fixtures/kill-erasure.ts'
import { exactly, type Program, type Target } from '../report.ts'
import { openEmbeddedClinic, openSharedClinic, type Clinic } from './erasure/clinic.ts'
import { measureErasure, type ErasureFigures } from './erasure/measure.ts'

const FULL = { people: 60, stride: 1 }
const SHORT = { people: 9, stride: 4 }

/** What is left of people after they were erased: in store, replica, memory, oldest backup and on the disk. */
export const erasure: Program = {
  about: 'what can be read of people after their erasure, in store, replica, oldest backup and on disk; kill -9 at every step',
  run: async ({ short, note }) => {
    const { people, stride } = short ? SHORT : FULL
    note('embedded: SQLite and a key file')
    const embedded = await over(openEmbeddedClinic, people)
    note('shared: PostgreSQL, a key server, two gateways')
    const shared = await over(openSharedClinic, people)
    note('kill -9 at one step of an erasure after the other')
    const killed: KilledErasure[] = []
    for await (const one of killErasure(stride)) killed.push(one)
    const figures = { embedded, shared, killed: killedFigures(killed) }
    return { figures, targets: { ...targetsOf('embedded', embedded), ...targetsOf('shared', shared), ...killedTargets(killed) } }
  },
}

async function over(open: () => Promise<Clinic>, people: number): Promise<ErasureFigures> {
  const clinic = await open()
  try {
    return await measureErasure(clinic, people)
  } finally {
    await clinic.close()
  }
}

function targetsOf(name: string, found: ErasureFigures): Record<string, Target> {
  return Object.fromEntries(
    Object.entries({
      ReadableBefore: exactly(found.readableBefore, found.contents),
      BackupReadableBefore: exactly(found.backupReadableBefore, found.contents),
      ReadableAfter: exactly(found.readableAfter, 0),
      ...(found.replicas > 0 ? { ReplicaReadableAfter: exactly(found.replicaReadableAfter, 0) } : {}),
      BackupReadableAfter: exactly(found.backupReadableAfter, 0),
      TypedErased: exactly(found.typedErased, found.typedReadings),
      NeighboursReadable: exactly(found.neighboursReadable, found.neighbours),
      Receipts: exactly(found.receipts, found.erasedPeople),
      LogVerifies: exactly(Number(found.logVerifies), 1),
      PlantedHits: exactly(found.plantedHits, 0),
      ControlFound: exactly(found.controlFound, found.controlPlanted),
    }).map(([key, target]) => [`${name}${key}`, target]),
  )
}

const count = (killed: readonly KilledErasure[], is: (one: KilledErasure) => boolean): number => killed.filter(is).length

function killedFigures(killed: readonly KilledErasure[]) {
  return {
    kills: killed.length,
    begun: count(killed, ({ hadBegun }) => hadBegun),
    readableAfter: count(killed, ({ hadBegun, readable }) => hadBegun && readable),
    backupReadableAfter: count(killed, ({ hadBegun, backupReadable }) => hadBegun && backupReadable),
    lostBefore: count(killed, ({ hadBegun, readable }) => !hadBegun && !readable),
    neighboursLost: count(killed, ({ neighbourReadable }) => !neighbourReadable),
    unfinished: count(killed, ({ unfinished }) => unfinished > 0),
    withoutCertificate: count(killed, ({ hadBegun, certificates }) => hadBegun && certificates === 0),
    unverified: count(killed, ({ verified }) => !verified),
  }
}

function killedTargets(killed: readonly KilledErasure[]): Record<string, Target> {
  const { kills: _1, begun: _2, ...bad } = killedFigures(killed)
  return Object.fromEntries(
    Object.entries(bad).map(([key, value]) => [`killed${key.charAt(0).toUpperCase()}${key.slice(1)}`, exactly(value, 0)]),
  )
}
