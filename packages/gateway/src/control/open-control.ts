import { GatewayError, isGatewayError, type ErrorCode, type Json } from '@sallyport/core'
import { z } from 'zod'
import { verifyEd25519 } from '../ed25519.ts'
import type { UserRecord } from '../state-records.ts'
import type { AuditDetail, ControlDeps, Verb } from './define-verb.ts'
import { ControlRequest, FirstOwner, requestBytes, type ControlAnswer } from './request.ts'
import { findVerb } from './verbs.ts'

/** The control plane: people's acts on the gateway's own state. */
export interface Control {
  /** Answers one request, signed by a local user. Never throws for what a caller did; every call leaves an `admin` entry. */
  call(request: unknown): Promise<ControlAnswer>
}

/** How far a request's time may be from ours. */
export const CONTROL_SKEW_MS_MAX = 60_000
/** Nonces remembered; one person cannot make this many calls within the skew. */
const NONCES_MAX = 100_000
const PROBLEMS_MAX = 5

interface Asked {
  readonly verb: string
  readonly user: string
  readonly verified?: UserRecord
  readonly target?: string
}

/** Opens the control plane. Calls are taken one after the other, so that a check and its change belong together. */
export function openControl(deps: ControlDeps): Control {
  const openedMs = deps.nowMs()
  const nonces = new Map<string, number>()
  let queue: Promise<unknown> = Promise.resolve()

  return {
    call(request) {
      const answer = queue.then(() => handle(request))
      queue = answer.catch(() => undefined)
      return answer
    },
  }

  async function handle(body: unknown): Promise<ControlAnswer> {
    let asked: Asked = { verb: 'unknown', user: 'unknown' }
    try {
      const first = FirstOwner.safeParse(body)
      if (first.success) return await createFirstOwner(first.data)
      const request = parseRequest(body)
      asked = { verb: findVerb(request.verb) === undefined ? 'unknown' : request.verb, user: request.user }
      const user = authenticate(request)
      asked = { ...asked, verified: user }
      const verb = findVerb(request.verb)
      if (verb === undefined) throw new GatewayError('REQUEST_METHOD', 'no such verb')
      if (!user.roles.some((role) => verb.roles.includes(role))) {
        throw new GatewayError('IDENTITY_FORBIDDEN', `${verb.name} needs one of the roles ${verb.roles.join(', ')}`)
      }
      const input = parseInput(verb, request.input)
      asked = { ...asked, ...(verb.target && { target: verb.target(input) }) }
      return { ok: true, output: await execute(verb, input, asked) }
    } catch (error) {
      return refuse(error, asked)
    }
  }

  async function execute(verb: Verb, input: unknown, asked: Asked): Promise<Json> {
    const user = asked.verified
    if (user === undefined) throw new GatewayError('INTERNAL', 'no verified user')
    const plan = await verb.run(deps, input, { user })
    const output = verb.output.parse(plan.output) as Json
    const record = (): Promise<number> => append(asked, { outcome: 'done', detail: plan.detail ?? {} })
    if (verb.record !== 'after') await record()
    if (plan.changes !== undefined) deps.state.transact(plan.changes)
    await plan.after?.()
    if (verb.record === 'after') await record()
    return output
  }

  /** Signature first: before it holds, nothing about users or verbs is told. */
  function authenticate(request: ControlRequest): UserRecord {
    const user = deps.state.user(request.user)
    const { signature, ...signed } = request
    if (user === undefined || user.disabledMs !== undefined || !verifyEd25519(user.publicKey, requestBytes(signed), Buffer.from(signature, 'base64'))) {
      throw new GatewayError('IDENTITY_INVALID', 'the signature is not that of a known user')
    }
    const nowMs = deps.nowMs()
    // A request from before this process cannot be told from a replay: nonces live in memory.
    if (Math.abs(nowMs - request.atMs) > CONTROL_SKEW_MS_MAX || request.atMs < openedMs - 1_000) {
      throw new GatewayError('IDENTITY_INVALID', 'the request is too old or from the future; check the clock')
    }
    useNonce(`${request.user}/${request.nonce}`, nowMs)
    return user
  }

  function useNonce(nonce: string, nowMs: number): void {
    for (const [old, atMs] of nonces) {
      if (nowMs - atMs <= 2 * CONTROL_SKEW_MS_MAX) break
      nonces.delete(old)
    }
    if (nonces.has(nonce)) throw new GatewayError('IDENTITY_INVALID', 'the request was sent before')
    if (nonces.size >= NONCES_MAX) throw new GatewayError('LIMIT_OVERLOADED', 'too many requests', { retryAfterMs: CONTROL_SKEW_MS_MAX })
    nonces.set(nonce, nowMs)
  }

  async function createFirstOwner({ firstOwner }: FirstOwner): Promise<ControlAnswer> {
    if (deps.state.users().length > 0) throw new GatewayError('IDENTITY_FORBIDDEN', 'there are users already; an owner adds others')
    if (!firstOwner.roles.includes('owner')) throw new GatewayError('REQUEST_PARAMS', 'the first user must be an owner')
    const { user: id, roles, attributes, publicKey } = firstOwner
    await deps.audit.append({ type: 'admin', actor: { type: 'system', id: 'sallyport' }, verb: 'user.create', target: id, outcome: 'done', detail: { roles, first: true } })
    const value = { id, roles, attributes, publicKey, createdMs: deps.nowMs(), createdBy: 'sallyport' }
    deps.state.transact([{ op: 'insert', kind: 'user', value }])
    return { ok: true, output: { user: id, roles } }
  }

  async function refuse(error: unknown, asked: Asked): Promise<ControlAnswer> {
    const known = isGatewayError(error) ? error : new GatewayError('INTERNAL', 'a bug; the call had no answer', { cause: error })
    const code: ErrorCode = known.code
    try {
      await append(asked, { outcome: 'refused', code, detail: {} })
    } catch (failure) {
      if (!isGatewayError(failure)) throw failure
      return { ok: false, code: failure.code, message: failure.message }
    }
    return { ok: false, code, message: known.message }
  }

  function append(asked: Asked, entry: { outcome: 'done' | 'refused'; code?: string; detail: AuditDetail }): Promise<number> {
    const actor = asked.verified === undefined ? ({ type: 'unverified', id: asked.user } as const) : ({ type: 'user', id: asked.user, method: 'ed25519' } as const)
    const target = asked.target === undefined ? {} : { target: asked.target }
    const code = entry.code === undefined ? {} : { code: entry.code }
    return deps.audit.append({ type: 'admin', actor, verb: asked.verb, ...target, outcome: entry.outcome, ...code, detail: { ...entry.detail } })
  }
}

function parseRequest(body: unknown): ControlRequest {
  const result = ControlRequest.safeParse(body)
  if (result.success) return result.data
  throw new GatewayError('REQUEST_INVALID', `not a control request: ${where(result.error)}`)
}

function parseInput(verb: Verb, input: unknown): unknown {
  const result = verb.input.safeParse(input)
  if (result.success) return result.data
  throw new GatewayError('REQUEST_PARAMS', `${verb.name}: ${where(result.error)}`)
}

function where(error: z.ZodError): string {
  return error.issues
    .slice(0, PROBLEMS_MAX)
    .map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`)
    .join('; ')
}
