import type { DecisionEntry } from '../model/entry.ts'
import type { FlowFacts } from '../model/flow-facts.ts'
import { isTainted } from '../model/integrity.ts'
import { plainPath } from '../model/plain-name.ts'

/** Most arguments and places that one entry names. */
const SLOTS_MAX = 20
const ORIGINS_MAX = 5

/** What the record holds of where arguments came from: places, never values. Nothing where there is nothing to say. */
export function flowMember(flow: FlowFacts | undefined): Pick<DecisionEntry, 'flow'> {
  if (!flow) return {}
  const { integrity, classes, link, asked } = flow
  const slots = flow.slots
    .filter(({ kind }) => kind !== 'other')
    .slice(0, SLOTS_MAX)
    .map(({ path, kind, isApproved, origins }) => ({
      approved: isApproved,
      kind,
      origins: origins.slice(0, ORIGINS_MAX).map(({ origin, source, integrity: of, entry }) => ({
        ...(entry !== undefined && { entry }),
        integrity: of,
        origin,
        ...(source !== undefined && { source }),
      })),
      path: plainPath(path),
    }))
  if (slots.length === 0 && link === 'none' && !isTainted(integrity)) return {}
  return { flow: { ...(asked !== undefined && { asked }), classes: [...classes], integrity, link, slots } }
}
