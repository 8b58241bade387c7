import {
  type Action,
  type CompiledGrant,
  findSlots,
  type FlowFacts,
  GatewayError,
  isJsonObject,
  jcs,
  type Json,
  joinLabels,
  type FieldValue,
  FIELD_VALUES_MAX,
  fieldValues,
  type Principal,
  type SessionStore,
  traceSlots,
} from '@sallyport/core'
import type { Entered, Flow, Intended, Learnt } from '../flow.ts'
import type { FieldUses } from './field-uses.ts'
import { itemsOf } from './read-session.ts'
import { type Item, type RememberedText, sessionSeal } from './session-item.ts'
import { SessionMemory } from './session-memory.ts'

/** Longest text of one content that is remembered, in UTF-16 units; what is beyond has no origin. */
const TEXT_CHARS_MAX = 64 * 1_024
/** Sessions in memory; the one silent longest is read again when it goes on. */
const SESSIONS_MAX = 2_000
/** A session is over a day after its last content at the latest. */
const SESSION_AGE_MS = 86_400_000
const EXPIRE_EVERY_MS = 3_600_000
/** After something could not be remembered, nothing is decided until as much as this can be: no act without room for its result. */
const PROBE = { session: '0'.repeat(64), bytes: 256 * 1_024, everyMs: 1_000 }

export interface FlowDeps {
  readonly store: SessionStore
  /** 32 bytes, used for nothing else. */
  readonly key: Uint8Array
  /** Keyed name of the person whose session it is, by which it can be forgotten. */
  readonly ownerOf: (principal: Principal) => string | undefined
  /** Told which fields came, and in what an agent or its model said their values stand. */
  readonly uses?: FieldUses
  readonly nowMs: () => number
  readonly log: (message: string, error: unknown) => void
}

export interface OpenFlow extends Flow {
  /** Reads every session anew: something in the store was forgotten. */
  flush(): void
  close(): void
}

/** The memory of sessions over their store. */
export function openFlow({ store, key, ownerOf, uses, nowMs, log }: FlowDeps): OpenFlow {
  const seal = sessionSeal(key)
  let current = new Map<string, SessionMemory>()
  let isFailing = false
  let probedMs = 0
  const timer = setInterval(() => {
    store.expire(nowMs() - SESSION_AGE_MS).catch((error: unknown) => log('old sessions could not be forgotten', error))
  }, EXPIRE_EVERY_MS)
  timer.unref()
  return {
    async remember(principal, learnt) {
      await add(principal, itemOf(learnt))
      const said = (learnt.texts ?? []).filter(({ origin }) => origin === 'model').map(({ value }) => wordsOf(value))
      if (said.length > 0) await noteUses(principal, said.join('\n'))
      for (const { origin, server, name, value } of learnt.texts ?? [])
        if (origin === 'tool') uses?.came(principal, `${server}.${name}`, structuredLeaves(value))
    },
    async recall(principal, digests) {
      const { memory } = await read(principal)
      return { delivered: new Set(digests.filter((one) => memory.delivered.has(one))), classes: memory.label.classes }
    },
    facts,
    async peek(principal, action, grant) {
      if (isFailing) await requireRoom()
      return factsOf((await read(principal, false)).memory, action, grant)
    },
    flush() {
      // Not cleared: a read in progress must not put back what it began with.
      current = new Map()
    },
    close: () => clearInterval(timer),
  }

  async function requireRoom(): Promise<void> {
    const now = nowMs()
    if (now < probedMs + PROBE.everyMs) throw new GatewayError('STORE_UNAVAILABLE', 'what sessions hold cannot be written')
    probedMs = now
    await store.append(PROBE.session, [new Uint8Array(PROBE.bytes)], { nowMs: now, mustLast: true })
    await store.erase(PROBE.session)
    isFailing = false
  }

  async function facts(principal: Principal, action: Action, grant: CompiledGrant | undefined): Promise<FlowFacts> {
    if (isFailing) await requireRoom()
    const { memory } = await read(principal)
    uses?.went(principal, wordsOf(action.args), memory.leaves())
    return factsOf(memory, action, grant)
  }

  function factsOf(memory: SessionMemory, action: Action, grant: CompiledGrant | undefined): FlowFacts {
    const { integrity, classes } = memory.label
    const slots = findSlots(action.args, new Set(Object.keys(grant?.provenance ?? {})))
    return {
      integrity,
      classes,
      ...linkOf(memory, action),
      slots: slots.length === 0 ? [] : traceSlots(slots, memory.contents(), grant?.approved),
    }
  }

  async function noteUses(principal: Principal, said: string): Promise<void> {
    if (uses) uses.went(principal, said, (await read(principal)).memory.leaves())
  }

  /** What others added since is read first; alone, only what is not in memory. */
  async function read({ agent, session }: Principal, isUse = true): Promise<{ memory: SessionMemory; name: string }> {
    const name = seal.name(agent, session)
    const sessions = current
    const last = sessions.get(name)
    // One that was silent for as long as its contents are kept begins anew, here as in the store.
    const known = last && nowMs() - last.usedMs < SESSION_AGE_MS ? last : undefined
    if (!known) sessions.delete(name)
    const memory = known ?? new SessionMemory()
    if (isUse || !known) memory.usedMs = nowMs()
    if (!known || store.isShared) {
      for await (const { seq, sealed } of itemsOf(store, name, memory.seq)) {
        // Another request may have read it in the meantime.
        if (seq <= memory.seq) continue
        memory.add(seal.open(name, sealed), seq)
        memory.seq = seq
      }
    }
    const newest = sessions.get(name) ?? memory
    sessions.delete(name)
    sessions.set(name, newest)
    for (const oldest of sessions.keys()) {
      if (sessions.size <= SESSIONS_MAX) break
      sessions.delete(oldest)
    }
    return { memory: newest, name }
  }

  async function add(principal: Principal, item: Item): Promise<void> {
    if (Object.keys(item).length === 0) return
    const { memory, name } = await read(principal)
    const before = memory.label
    const after = (item.texts ?? [])
      .filter(({ origin }) => origin !== 'model')
      .reduce((label, { integrity, seen }) => joinLabels(label, { integrity, classes: seen }), before)
    const mustLast = after.integrity !== before.integrity || after.classes.length !== before.classes.length
    const owner = ownerOf(principal)
    const how = { nowMs: nowMs(), mustLast, ...(owner !== undefined && { owner }) }
    const seq = await store.append(name, [seal.seal(name, item)], how).catch((error: unknown) => {
      isFailing = true
      throw error
    })
    // Shared, it is read back with whatever others added before it.
    if (store.isShared) return
    memory.add(item, seq)
    memory.seq = Math.max(memory.seq, seq)
  }
}

/** Without what is empty. */
function itemOf({ texts = [], calls = [], delivered = [] }: Learnt): Item {
  const remembered = texts.map(textOf).filter(({ text }) => text !== '')
  return {
    ...(remembered.length > 0 && { texts: remembered }),
    ...(calls.length > 0 && { calls: calls.map(callOf) }),
    ...(delivered.length > 0 && { delivered: [...delivered] }),
  }
}

function textOf({ origin, server, name, integrity, classes, declared = [], value, entry }: Entered): RememberedText {
  const source = server === undefined ? name : name === undefined ? server : `${server}.${name}`
  const leaves = origin === 'tool' ? structuredLeaves(value) : []
  return {
    origin,
    ...(source !== undefined && { source }),
    integrity,
    classes: [...declared],
    seen: [...new Set([...classes, ...declared])],
    ...wordsWithFields(wordsOf(value), leaves),
    ...(entry !== undefined && { entry }),
  }
}

function structuredLeaves(value: Json): readonly FieldValue[] {
  const structured = isJsonObject(value) ? value['structuredContent'] : undefined
  return isJsonObject(structured) ? [...fieldValues(structured)].slice(0, FIELD_VALUES_MAX) : []
}

/** Values that are told by field stand once more at the end, where their places are known. */
function wordsWithFields(words: string, leaves: readonly FieldValue[]): Pick<RememberedText, 'text' | 'fields'> {
  const told = leaves.map(({ field, text }) => ({ field, text: text.toWellFormed() })).filter(({ text }) => text !== '')
  const end = told.map(({ text }) => text).join('\n')
  if (end === '' || end.length >= TEXT_CHARS_MAX / 2) return { text: words.slice(0, TEXT_CHARS_MAX).toWellFormed() }
  const start = words.slice(0, TEXT_CHARS_MAX - end.length - 1).toWellFormed()
  return { text: `${start}\n${end}`, fields: told.map(({ field, text }) => [field, text.length]) }
}

/** Strings and numbers of a value, each on a line of its own. */
function wordsOf(value: Json | undefined): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return (value as readonly Json[]).map(wordsOf).filter(Boolean).join('\n')
  return isJsonObject(value) ? Object.values(value).map(wordsOf).filter(Boolean).join('\n') : ''
}

function callOf({ name, args, entry }: Intended): NonNullable<Item['calls']>[number] {
  return { name: name.slice(0, 300), args: jcs(args).slice(0, TEXT_CHARS_MAX), ...(entry !== undefined && { entry }) }
}

/** Clients put a prefix before names; the last parts are what the gateway offered. */
function linkOf({ calls }: SessionMemory, { kind, server, name, args }: Action): Pick<FlowFacts, 'link' | 'asked'> {
  if (kind !== 'tool.call') return { link: 'none' }
  const offered = `${server}__${name}`
  const named = calls.filter((call) => call.name === name || call.name.endsWith(offered))
  const last = named.at(-1)
  if (!last) return { link: 'none' }
  const text = jcs(args)
  const exact = named.findLast((call) => call.args === text)
  const { entry } = exact ?? last
  return { link: exact ? 'certain' : 'likely', ...(entry !== undefined && { asked: entry }) }
}
