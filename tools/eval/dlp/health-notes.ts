import {
  benignTwins,
  benignTwinsUnseen,
  phiNotes,
  phiNotesUnseen,
} from '../../../packages/core/src/inspect/detectors/health/fixtures/notes.ts'
import { wilson } from '../wilson.ts'
import { look } from './look.ts'
import { quality } from './score-spans.ts'

/** The notes that the rules were revised after, and those written later. */
export function scoreHealth() {
  return { seenBefore: scoreNotes(phiNotes, benignTwins), unseen: scoreNotes(phiNotesUnseen, benignTwinsUnseen) }
}

/** Notes about one person's health in which something of class `phi` is seen, and benign twins in which it is. */
export function scoreNotes(notes: readonly string[], twins: readonly string[]) {
  const isPhi = (text: string): boolean => look(text).some((sighting) => sighting.class === 'phi')
  const missed = notes.filter((note) => !isPhi(note))
  const alarms = twins.filter(isPhi)
  const hits = notes.length - missed.length
  return {
    notes: notes.length,
    twins: twins.length,
    ...quality(wilson(hits, hits + alarms.length), wilson(hits, notes.length)),
    missed,
    falseAlarms: alarms,
  }
}
