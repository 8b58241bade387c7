import {
  type Acted,
  type Candidate,
  type CompiledModels,
  confidenceOf,
  type Content,
  costNanos,
  type Finding,
  GatewayError,
  isJsonObject,
  type Json,
  type JsonObject,
  type ModelPrice,
  type ModelServed,
  moneyText,
  parseJson,
  plainPath,
  type Performing,
  type Principal,
  type StreamScan,
  type TokenUsage,
} from '@sallyport/core'
import { COST_FACTOR } from '../../byte-budget.ts'
import { decodeUtf8 } from '../../collect.ts'
import type { Guard } from '../../guard.ts'
import { type AskDeps, type Asked, askProvider, type Meter, outcomeOf } from './ask-provider.ts'
import { openEventSplitter } from './event-stream.ts'
import type { ModelRequest } from './model-request.ts'
import { outgoing } from './outgoing.ts'
import type { PromptInForce } from './prompt-in-force.ts'
import { readAnswer, tooLarge, translate } from './provider-link.ts'
import { openRelay, type Relay } from './relay.ts'
import type { Turns } from './turns.ts'
import type { Said } from './wire.ts'

export interface PerformDeps extends Omit<AskDeps, 'requireLive' | 'meter'> {
  readonly guard: Guard
  /** What is taken for each piece of a stream. */
  readonly turns: Turns
  /** Keeps reasoning where it may be erased and expires soon. @throws GatewayError `VAULT_UNAVAILABLE` */
  readonly keepReasoning: (principal: Principal, text: string) => Promise<Content>
  /** @throws GatewayError when the agent may not act any more, or nobody knows */
  readonly requireLive: (agent: string) => void
}

/** What was decided on, which `act` goes by whatever has changed since. */
export interface Terms {
  readonly eligible: readonly Candidate[]
  readonly models: CompiledModels
  readonly prompt: PromptInForce
}

export interface Performed {
  readonly allowed: Performing
  readonly terms: Terms
  /** Filled while it goes on, also where it fails. */
  readonly meter: Meter
}

/** Header that says that another than the first eligible model answered. */
const DEGRADED = { 'x-sallyport-degraded': 'fallback' }

/** Takes one decided call to whoever may answer it. A stream is passed on while it comes; its end waits for the record. */
export async function performCall(request: ModelRequest, { allowed, terms, meter }: Performed, deps: PerformDeps): Promise<Acted> {
  const { policy } = terms.models
  const leaving = outgoing(request, allowed, { guard: deps.guard, policy, prompt: terms.prompt })
  const asked = await askProvider(
    terms.eligible,
    (candidate) => ({
      wire: request.wire,
      query: request.query,
      body: leaving.bodyFor(candidate),
      headers: request.headers,
      signal: request.signal,
    }),
    { ...deps, meter, requireLive: () => deps.requireLive(request.agent) },
  )
  const isDegraded = asked.candidate !== terms.eligible[0]
  if (isDegraded) request.reply.set(DEGRADED)
  const answer = await answered(request, asked, { terms, deps, meter, isDegraded })
  const { reasoning = '' } = answer.said
  // Kept before the entry that refers to it.
  const thought =
    reasoning !== '' && policy.reasoning !== 'omit' ? await deps.keepReasoning(allowed.principal, reasoning) : undefined
  const model = {
    ...servedBy(asked, answer.said, isDegraded),
    ...askedFor(answer.said, terms.models),
    ...(thought && { thought }),
  }
  return { status: 'success', content: answer.content, changes: false, reasons: leaving.reasons, model }
}

interface Answering {
  readonly terms: Terms
  readonly deps: PerformDeps
  readonly meter: Meter
  readonly isDegraded: boolean
}

async function answered(request: ModelRequest, asked: Asked, { terms, deps, meter, isDegraded }: Answering): Promise<Answered> {
  try {
    const isStream = request.ask.streams && /^text\/event-stream/i.test(String(asked.response.headers['content-type'] ?? ''))
    const answer = isStream ? await stream(request, asked, { terms, deps, isDegraded }) : await whole(request, asked, isDegraded)
    asked.settle('success')
    read(meter, asked, answer.said)
    return answer
  } catch (error) {
    // A stream can break after it told everything.
    if (request.answer?.type === 'stream') read(meter, asked, request.answer.relay.said())
    const failure = translate(error, request.signal)
    asked.settle(outcomeOf(failure))
    throw failure
  }
}

/** What the provider said of its usage, instead of not knowing. */
function read(meter: Meter, { candidate: { price } }: Asked, { usage }: Said): void {
  if (!usage || meter.answered) return
  meter.lost--
  meter.answered = { usage, ...(price && { price }) }
}

interface Answered {
  readonly said: Said
  readonly content: JsonObject
}

async function whole(request: ModelRequest, { response, candidate, link }: Asked, isDegraded: boolean): Promise<Answered> {
  const { signal, charge, wire } = request
  const raw = await readAnswer(response, {
    bytesMax: link.config.answerBytesMax,
    signal,
    charge: (bytes) => charge(bytes * COST_FACTOR),
  })
  const value = wire.kind === 'model.embed' ? vectors(raw) : objectOf(raw)
  request.answer = { type: 'whole', raw, value, candidate, isDegraded }
  return { said: wire.said(value), content: value }
}

function objectOf(raw: Buffer): JsonObject {
  const text = decodeUtf8(raw)
  let value: Json | undefined
  try {
    value = text === undefined ? undefined : parseJson(text)
  } catch (cause) {
    throw new GatewayError('UPSTREAM_MALFORMED', 'the provider’s answer cannot be read', { cause })
  }
  if (!isJsonObject(value)) throw new GatewayError('UPSTREAM_MALFORMED', 'the provider’s answer is no object')
  return value
}

/** Millions of numbers say nothing that a record could keep. */
function vectors(raw: Buffer): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(raw.toString('utf8'))
  } catch (cause) {
    throw new GatewayError('UPSTREAM_MALFORMED', 'the provider’s answer cannot be read', { cause })
  }
  if (!isJsonObject(value) || !Array.isArray(value['data']))
    throw new GatewayError('UPSTREAM_MALFORMED', 'the provider’s answer has no vectors')
  const { model, usage, data } = value
  return { vectors: data.length, ...(model === undefined ? {} : { model }), ...(usage === undefined ? {} : { usage }) }
}

async function stream(
  request: ModelRequest,
  { response, candidate, link }: Asked,
  { terms, deps, isDegraded }: { readonly terms: Terms; readonly deps: PerformDeps; readonly isDegraded: boolean },
): Promise<Answered> {
  const { reply, wire, charge } = request
  const { policy, contract } = terms.models
  const openScan: () => StreamScan<Finding> = deps.guard.answer({
    principal: request.principal,
    cleared: policy.classes,
    restore: policy.restore,
  })
  const relay = openRelay({ wire, openScan, holdsAll: contract !== undefined, send: (bytes) => reply.write(bytes) })
  request.answer = { type: 'stream', relay, candidate, isDegraded }
  const splitter = openEventSplitter()
  let bytes = 0
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    await deps.turns.next()
    bytes += chunk.length
    if (bytes > link.config.answerBytesMax) throw tooLarge(link.config.answerBytesMax)
    charge(chunk.length)
    for (const event of splitter.push(chunk)) {
      if (relay.push(event)) continue
      response.body.destroy()
      return { said: relay.said(), content: relay.content() }
    }
    await reply.drained()
  }
  requireWhole(relay, splitter.pending())
  relay.end()
  return { said: relay.said(), content: relay.content() }
}

/** Half an answer is none: nobody may act on the half of a call. */
function requireWhole(relay: Relay, pendingBytes: number): void {
  if (relay.isFailure()) throw new GatewayError('UPSTREAM_UNAVAILABLE', 'the provider gave up in the middle of its answer')
  if (!relay.isWhole() || pendingBytes > 0)
    throw new GatewayError('UPSTREAM_MALFORMED', 'the provider’s answer ended in the middle')
}

function servedBy({ candidate, attempts }: Asked, { model, stop, usage, reasoning }: Said, degraded: boolean): ModelServed {
  return {
    attempts,
    degraded,
    provider: candidate.provider,
    reasoning: reasoning === undefined ? 'absent' : 'present',
    regions: [...candidate.regions],
    requested: candidate.upstreamModel,
    ...(model === undefined ? {} : { served: model.slice(0, 200) }),
    ...(stop === undefined ? {} : { stop: stop.slice(0, 100) }),
    ...(usage && { usage: { ...usage } }),
    ...(usage && candidate.price && { cost: costOf(usage, candidate.price) }),
  }
}

function costOf(usage: TokenUsage, price: ModelPrice): NonNullable<ModelServed['cost']> {
  return { amount: moneyText(costNanos(usage, price)), currency: price.currency }
}

/** Most tool calls of one answer that are named, and the longest name. */
const TOOLS_MAX = 20
const TOOL_CHARS_MAX = 128

/** How sure the model says it is, and which tools it wants: what is compared over time (R110). */
function askedFor({ text, calls }: Said, { contract }: CompiledModels): Pick<ModelServed, 'confidence' | 'tools'> {
  const confidence = contract && confidenceOf(contract, text)
  const tools = calls.slice(0, TOOLS_MAX).map(({ name }) => plainPath(name.slice(0, TOOL_CHARS_MAX).toWellFormed()))
  return { ...(confidence !== undefined && { confidence }), ...(tools.length > 0 && { tools }) }
}
