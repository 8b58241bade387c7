import { jcs, type Json, type JsonObject, parseJson } from '@sallyport/core'
import type { ModelCall, Said, Turn } from './wire.ts'

/** Keyed digest of a text: of use to nobody who reads the store. */
export type Digest = (text: string) => string

/** Digests by which the turns of one request are known. */
export interface TurnDigests {
  readonly turn: Turn
  /** Of the turn itself. */
  readonly own: string
  /** Of a model's turn: whether the gateway answered this beginning of the conversation. */
  readonly asked?: string
  /** Of a model's turn: its calls. Of a tool's: the call it answers. */
  readonly calls: readonly string[]
}

/** What a conversation claims of the past, against what was delivered. */
export interface HistoryVerdict {
  readonly altered: number
  readonly unseen: number
  /** Turns of models that never passed here: nobody knows who wrote them. */
  readonly untrusted: ReadonlySet<Turn>
}

/**
 * Digests of a conversation's turns. What clients change without changing what was said does not count: space around texts, the
 * order of members in arguments, how a turn is cut into messages, system messages.
 */
export function digestsOf(
  turns: readonly Turn[],
  digest: Digest,
): { readonly turns: readonly TurnDigests[]; readonly end: string } {
  let chain = digest('start')
  const known = joined(turns).map((turn): TurnDigests => {
    const own = ownOf(turn, digest)
    if (turn.role === 'system') return { turn, own, calls: [] }
    const before = chain
    chain = digest(jcs(['then', chain, own]))
    if (turn.role === 'assistant') {
      return { turn, own, asked: digest(jcs(['asked', before])), calls: callsOf(turn, digest) }
    }
    return { turn, own, calls: turn.callId === undefined ? [] : [digest(jcs(['result', turn.callId]))] }
  })
  return { turns: known, end: digest(jcs(['asked', chain])) }
}

/** Every digest that is asked for to judge a conversation. */
export function askedFor(digests: readonly TurnDigests[]): readonly string[] {
  return [...new Set(digests.flatMap(({ own, asked, calls }) => [own, ...(asked === undefined ? [] : [asked]), ...calls]))]
}

/**
 * A turn of the model that was delivered is what it was. One that stands where the gateway delivered another, or bears the id of a
 * call that was delivered otherwise, was altered; so was a tool's result that was another before. Anything else never passed here.
 */
export function judgeHistory(digests: readonly TurnDigests[], delivered: ReadonlySet<string>): HistoryVerdict {
  let altered = 0
  const untrusted = new Set<Turn>()
  for (const { turn, own, asked, calls } of digests) {
    if (delivered.has(own) || turn.role === 'user' || turn.role === 'system') continue
    const isAltered = calls.some((each) => delivered.has(each)) || (asked !== undefined && delivered.has(asked))
    if (isAltered) altered++
    else if (turn.role === 'assistant') untrusted.add(turn)
  }
  return { altered, unseen: untrusted.size, untrusted }
}

/** What has to be remembered of an answer before it is delivered. */
export function answerDigests(said: Said, end: string, digest: Digest): readonly string[] {
  const turn: Turn = { role: 'assistant', text: said.text, calls: said.calls }
  return [end, ownOf(turn, digest), ...callsOf(turn, digest)]
}

function ownOf(turn: Turn, digest: Digest): string {
  return digest(jcs([turn.role, wordsOf(turn)]))
}

/** Of a model's turn: the calls it asks for. */
function callsOf({ calls }: Turn, digest: Digest): readonly string[] {
  return calls.filter(({ id }) => id !== '').map(({ id }) => digest(jcs(['call', id])))
}

/** Wires cut one turn into several messages or items. */
function joined(turns: readonly Turn[]): readonly Turn[] {
  const all: Turn[] = []
  for (const turn of turns) {
    const last = all.at(-1)
    if (turn.role === 'assistant' && last?.role === 'assistant')
      all[all.length - 1] = { role: 'assistant', text: `${last.text}\n${turn.text}`, calls: [...last.calls, ...turn.calls] }
    else all.push(turn)
  }
  return all
}

function wordsOf({ text, calls, callId }: Turn): JsonObject {
  return {
    text: text.replaceAll(/\s+/g, ' ').trim(),
    calls: calls.map(({ id, name, args }): Json => [id, name, argsOf({ args })]),
    ...(callId === undefined ? {} : { callId }),
  }
}

/** Arguments as a value where they are JSON; as their text otherwise. */
export function argsOf({ args }: Pick<ModelCall, 'args'>): Json {
  try {
    return parseJson(args)
  } catch {
    return args
  }
}
