import {
  dripAct,
  type Finding,
  flatten,
  inferredValues,
  type Inspected,
  type JsonObject,
  pointerOf,
  plainPath,
  type Seen,
  textAt,
  atOf,
} from '@sallyport/core'
import { drip, rememberValue, type SessionMemory } from './session-memory.ts'

/** Longest URL looked at, in UTF-16 units. */
const URL_CHARS_MAX = 4_096

/** Adds what only the session as a whole tells of arguments: much that leaves little by little, and personal data nobody gave it. */
export function watchArguments(
  value: JsonObject,
  inspected: Inspected,
  {
    memory,
    nowMs,
    isInferredWanted,
  }: { readonly memory: SessionMemory; readonly nowMs: number; readonly isInferredWanted: boolean },
): Inspected {
  const seen = [...drips(value, memory, nowMs), ...(isInferredWanted ? inferred(value, inspected, memory) : [])]
  if (seen.length === 0) return inspected
  return {
    ...inspected,
    seen: [...inspected.seen, ...seen],
    findings: [...seen.map(({ finding }) => finding), ...inspected.findings],
  }
}

function* drips(value: JsonObject, memory: SessionMemory, nowMs: number): Generator<Seen> {
  for (const { text, kind, step } of flatten(value)) {
    if (kind !== 'string' || text.length > URL_CHARS_MAX || !/^https?:/i.test(text) || !URL.canParse(text)) continue
    const { hostname, pathname, search, hash } = new URL(text)
    const next = drip.step(memory.drip, dripAct(hostname, `${pathname}${search}${hash}`), nowMs)
    memory.drip = next.state
    if (!next.finding) continue
    const path = plainPath(pointerOf(step))
    yield { finding: { detector: 'drip', ...next.finding, path, start: 0, end: text.length }, at: atOf(step), inName: false }
  }
}

function inferred(value: JsonObject, { seen }: Inspected, { given }: SessionMemory): readonly Seen[] {
  const personal = seen.filter(({ finding, inName }) => finding.class === 'pii' && finding.end > finding.start && !inName)
  return personal.flatMap((one) => {
    const [made] = inferredValues([{ sighting: one.finding, value: valueOf(value, one) }], given)
    return made ? [{ ...one, finding: { ...one.finding, ...made, detector: 'inferred' } satisfies Finding }] : []
  })
}

/** Keeps personal data of a result: what the session was given is not inferred. */
export function rememberGiven(value: JsonObject, { seen }: Inspected, memory: SessionMemory): void {
  for (const one of seen) if (one.finding.class === 'pii' && !one.inName) rememberValue(memory, valueOf(value, one))
}

function valueOf(value: JsonObject, { at, finding }: Seen): string {
  return textAt(value, at, false).text.slice(finding.start, finding.end)
}
