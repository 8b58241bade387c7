/** One step of a session: which tool, whether it changes something, and whether it did so after untrusted content. */
export interface Step {
  /** `server.tool`, with `*` for a change after untrusted content: the same tool is another step then. */
  readonly token: string
  readonly kind: StepKind
}

/** `read`; `change`; `tainted`: a change after untrusted content was read. */
export type StepKind = 'read' | 'change' | 'tainted'
const KINDS = 3
const START = '^'

/** How surprising steps are after the two before them. */
export interface SequenceModel {
  /** −log2 of the probability of `step` after `before`, oldest first; fewer than two stand for the start. */
  surprise(before: readonly Step[], step: Step): number
  /** Whether any learnt session had these two in a row. */
  hasPair(before: Step | undefined, step: Step): boolean
}

/**
 * Counts sessions into an order-2 model with Witten–Bell interpolation: two steps back, one step back, then the kinds of two
 * steps back times how common the tool is among its kind, so that a tool nobody used yet has a probability too.
 * @see Witten and Bell, The zero-frequency problem, IEEE Trans. Inf. Theory 37(4), 1991, method C
 */
export function learnSequences(sessions: readonly (readonly Step[])[]): SequenceModel {
  const two = new Map<string, Counts>()
  const one = new Map<string, Counts>()
  const kinds = new Map<string, Counts>()
  const ofKind: Record<StepKind, Counts> = { read: counts(), change: counts(), tainted: counts() }
  for (const session of sessions) {
    for (const [i, step] of session.entries()) {
      const [a, b] = lastTwo(session.slice(Math.max(0, i - 2), i))
      add(of(two, `${nameOf(a)}\n${nameOf(b)}`), step.token)
      add(of(one, nameOf(b)), step.token)
      add(of(kinds, `${kindOf(a)}\n${kindOf(b)}`), step.kind)
      add(ofKind[step.kind], step.token)
    }
  }
  return {
    surprise(before, step) {
      const [a, b] = lastTwo(before)
      const ofKinds = kinds.get(`${kindOf(a)}\n${kindOf(b)}`)
      const kind = ((ofKinds?.seen.get(step.kind) ?? 0) + 1) / ((ofKinds?.total ?? 0) + KINDS)
      const { seen, total } = ofKind[step.kind]
      const plain = (kind * ((seen.get(step.token) ?? 0) + 1)) / (total + seen.size + 1)
      const after = interpolated(one.get(nameOf(b)), step.token, plain)
      return -Math.log2(interpolated(two.get(`${nameOf(a)}\n${nameOf(b)}`), step.token, after))
    },
    hasPair: (before, step) => one.get(nameOf(before))?.seen.has(step.token) === true,
  }
}

/** Largest sum over three steps in a row: one odd step is common, three are not. */
export function sessionSurprise(model: SequenceModel, session: readonly Step[]): number {
  const each = session.map((step, i) => model.surprise(session.slice(Math.max(0, i - 2), i), step))
  return each.reduce((most, _, i) => Math.max(most, sum(each.slice(Math.max(0, i - 2), i + 1))), 0)
}

interface Counts {
  readonly seen: Map<string, number>
  total: number
}

function counts(): Counts {
  return { seen: new Map(), total: 0 }
}

function of(map: Map<string, Counts>, key: string): Counts {
  const known = map.get(key) ?? counts()
  map.set(key, known)
  return known
}

function add(to: Counts, token: string): void {
  to.seen.set(token, (to.seen.get(token) ?? 0) + 1)
  to.total += 1
}

/** A context with many different successors says less about the next one. */
function interpolated(context: Counts | undefined, token: string, otherwise: number): number {
  if (!context) return otherwise
  const { seen, total } = context
  return ((seen.get(token) ?? 0) + seen.size * otherwise) / (total + seen.size)
}

function lastTwo(before: readonly Step[]): readonly [Step | undefined, Step | undefined] {
  return [before.at(-2), before.at(-1)]
}

function nameOf(step: Step | undefined): string {
  return step?.token ?? START
}

function kindOf(step: Step | undefined): string {
  return step?.kind ?? START
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
