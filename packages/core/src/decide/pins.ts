import { sha256Hex } from '../model/bytes.ts'
import { jcs } from '../model/jcs.ts'
import type { Json } from '../model/json.ts'
import type { Pin, PinState, ToolDefinition } from '../model/pin.ts'
import { skeleton } from '../normalise/skeleton.ts'
import { definitionFault } from './definition-fault.ts'

/** A tool as a server offers it now. `exposed` is the name agents would see. */
export interface OfferedTool {
  readonly server: string
  readonly exposed: string
  readonly definition: ToolDefinition
}

export interface ToolStanding {
  readonly offered: OfferedTool
  readonly state: PinState
  readonly hash: string
  /** The review of a tool with this name at this server, whatever definition it was of. */
  readonly pin?: Pin
  /** For people: what is wrong, or which tool it resembles. */
  readonly detail?: string
}

/**
 * Hash of everything a server says about a tool, under the server's identity: one byte changed in any member, `_meta` and
 * icons included, is another tool until reviewed (R264).
 * A definition without a canonical form is hashed as JSON text, which escapes lone surrogates; it is `invalid` whatever its hash.
 */
export function pinHash(server: string, definition: ToolDefinition): string {
  const subject = { server, definition: definition as Json }
  try {
    return sha256Hex(jcs(subject))
  } catch {
    return sha256Hex(`not canonical: ${JSON.stringify(subject)}`)
  }
}

/**
 * Where each offered tool stands. Only `approved` may be listed and called. In order: an unusable definition is `invalid`; a
 * name that two tools share is `colliding`, for both; a tool reviewed in exactly this form is `approved`, one reviewed in
 * another form `changed`; an unreviewed one that looks like a reviewed tool of any server is a `lookalike`, any other is `new`.
 * @param pins Reviews of all servers.
 * @param allOffered Tools of all servers, `offered` among them.
 */
export function standingsOf(
  offered: readonly OfferedTool[],
  pins: readonly Pin[],
  allOffered: readonly OfferedTool[] = offered,
): readonly ToolStanding[] {
  const byName = new Map(pins.map((pin) => [`${pin.server}.${pin.tool}`, pin]))
  const bySkeleton = new Map<string, Pin[]>()
  for (const pin of pins) bySkeleton.set(skeleton(pin.tool), [...(bySkeleton.get(skeleton(pin.tool)) ?? []), pin])
  const exposures = new Map<string, number>()
  for (const { exposed } of allOffered) exposures.set(exposed, (exposures.get(exposed) ?? 0) + 1)

  return offered.map((tool) => {
    const { server, definition, exposed } = tool
    const pin = byName.get(`${server}.${definition.name}`)
    const known = pin && { pin }
    const hash = pinHash(server, definition)
    const fault = definitionFault(definition)
    if (fault !== undefined) return { offered: tool, state: 'invalid', hash, detail: fault, ...known }
    if ((exposures.get(exposed) ?? 0) > 1)
      return { offered: tool, state: 'colliding', hash, detail: `another tool is exposed as ${exposed}`, ...known }
    if (pin) return { offered: tool, state: pin.hash === hash ? 'approved' : 'changed', hash, pin }
    const like = bySkeleton
      .get(skeleton(definition.name))
      ?.find((other) => other.tool !== definition.name || other.server === server)
    if (like) return { offered: tool, state: 'lookalike', hash, detail: `it looks like ${like.server}.${like.tool}` }
    return { offered: tool, state: 'new', hash }
  })
}

/** The states alone of `standingsOf`, in the order of `offered`. */
export function classifyTools(
  offered: readonly OfferedTool[],
  pins: readonly Pin[],
  allOffered: readonly OfferedTool[] = offered,
): readonly PinState[] {
  return standingsOf(offered, pins, allOffered).map((standing) => standing.state)
}
