import { type Finding, type Pin, pinHash, type ToolDefinition } from '@sallyport/core'
import type { Guard } from '../../guard.ts'

/** A definition that detectors take for an attack on the model that reads it. */
export interface FlaggedDefinition {
  readonly server: string
  readonly tool: string
  readonly hash: string
  readonly codes: readonly string[]
}

/** Definitions remembered as told. */
const TOLD_MAX = 10_000

/**
 * Looks at tool definitions when they are first seen and whenever they change (R265). What a person approved in exactly this form,
 * warnings and all, is not told again; nor is anything twice.
 */
export function watchDefinitions({
  guard,
  pins,
  onHostile,
}: {
  readonly guard: Guard
  readonly pins: () => readonly Pin[]
  readonly onHostile: (flagged: FlaggedDefinition) => void
}): (server: string, definitions: readonly ToolDefinition[], otherTools: readonly string[]) => void {
  const told = new Set<string>()
  return (server, definitions, otherTools) => {
    for (const definition of definitions) {
      const hash = pinHash(server, definition)
      if (told.has(hash) || pins().some((pin) => pin.hash === hash)) continue
      const codes = [
        ...new Set(
          guard
            .define(definition, otherTools)
            .filter(isSerious)
            .map(({ code }) => code),
        ),
      ]
      if (codes.length === 0) continue
      if (told.size < TOLD_MAX) told.add(hash)
      onHostile({ server, tool: definition.name, hash, codes })
    }
  }
}

function isSerious({ severity }: Finding): boolean {
  return severity === 'high' || severity === 'medium'
}
