import { GatewayError, isGatewayError, type ErrorCode, type Json } from '@sallyport/core'
import type { z } from 'zod'
import type { UserRecord } from '../state-records.ts'
import { createAuthenticator } from './authenticate.ts'
import type { AuditDetail, ControlDeps, Verb } from './define-verb.ts'
import { ControlRequest, FirstOwner, type ControlAnswer } from './request.ts'
import { findVerb } from './verbs.ts'

/** The control plane: people's acts on the gateway's own state. */
export interface Control {
  /** Answers one request, signed by a local user. Never throws for what a caller did; every call leaves an `admin` entry. */
  call(request: unknown): Promise<ControlAnswer>
}

const PROBLEMS_MAX = 5

interface Asked {
  readonly verb: string
  readonly user: string
  readonly verified?: UserRecord
  readonly target?: string
}

/**
 * Opens the control plane. Calls are taken one after the other, so that a check and its change belong together. Those that may
 * take long stand in a queue of their own: nobody who isolates an agent waits for a search through years.
 */
export function openControl(deps: ControlDeps): Control {
  const authenticate = createAuthenticator(deps)
  const queues: Record<'acts' | 'long', Promise<unknown>> = { acts: Promise.resolve(), long: Promise.resolve() }
  return {
    call(request) {
      const queue = isLong(request) ? 'long' : 'acts'
      const answer = queues[queue].then(() => handle(request))
      queues[queue] = answer.catch(() => undefined)
      return answer
    },
  }

  async function handle(body: unknown): Promise<ControlAnswer> {
    let asked: Asked = { verb: 'unknown', user: 'unknown' }
    try {
      const first = FirstOwner.safeParse(body)
      if (first.success) return await createFirstOwner(deps, first.data)
      const request = parseRequest(body)
      const verb = findVerb(request.verb)
      asked = { verb: verb?.name ?? 'unknown', user: request.user }
      const user = await authenticate(request)
      asked = { ...asked, verified: user }
      if (verb === undefined) throw new GatewayError('REQUEST_METHOD', 'no such verb')
      requireRole(verb, user)
      const input = parseInput(verb, request.input)
      asked = { ...asked, ...(verb.target && { target: verb.target(input) }) }
      return { ok: true, output: await execute(deps, verb, { input, user, asked }) }
    } catch (error) {
      return refuse(deps, error, asked)
    }
  }
}

function isLong(body: unknown): boolean {
  const named = typeof body === 'object' && body !== null && 'verb' in body && typeof body.verb === 'string' ? body.verb : ''
  return findVerb(named)?.isLong === true
}

/** Plans of one call while other replicas change the state under it. */
const ATTEMPTS_MAX = 8

/** Plans, then records and applies, in the order the verb wants; again when another replica was faster. */
async function execute(deps: ControlDeps, verb: Verb, call: Call): Promise<Json> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptOnce(deps, verb, call)
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'STORE_MOVED' || attempt === ATTEMPTS_MAX) throw error
    }
  }
}

interface Call {
  readonly input: unknown
  readonly user: UserRecord
  readonly asked: Asked
}

async function attemptOnce(deps: ControlDeps, verb: Verb, call: Call): Promise<Json> {
  const { state } = deps
  await state.refresh()
  // Requests for approval change under it, also where nobody else writes.
  const basis = state.revision()
  const plan = await verb.run(deps, call.input, { user: call.user })
  const output = verb.output.parse(plan.output) as Json
  const record = (): Promise<number> => append(deps, call.asked, { outcome: 'done', detail: plan.detail ?? {} })
  if (plan.changes === undefined) {
    await record()
    await plan.after?.()
    return output
  }
  // Nothing is recorded for a plan that is known to be out of date.
  if (basis !== state.revision()) throw new GatewayError('STORE_MOVED', 'the state changed meanwhile; ask again')
  if (verb.record !== 'after') await record()
  try {
    await state.transact(plan.changes, basis)
  } catch (error) {
    // What was recorded as done was not: each attempt has a record of its own.
    if (verb.record !== 'after' && isGatewayError(error) && error.code === 'STORE_MOVED')
      await append(deps, call.asked, { outcome: 'refused', code: error.code, detail: {} })
    throw error
  }
  await plan.after?.()
  if (verb.record === 'after') await record()
  return output
}

async function createFirstOwner(deps: ControlDeps, { firstOwner }: FirstOwner): Promise<ControlAnswer> {
  const { user: id, roles, attributes, publicKey } = firstOwner
  await deps.state.refresh()
  const basis = deps.state.isShared ? deps.state.revision() : undefined
  if (deps.state.users().length > 0) throw new GatewayError('IDENTITY_FORBIDDEN', 'there are users already; an owner adds others')
  if (!roles.includes('owner')) throw new GatewayError('REQUEST_PARAMS', 'the first user must be an owner')
  await deps.audit.append({
    type: 'admin',
    actor: { type: 'system', id: 'sallyport' },
    verb: 'user.create',
    target: id,
    outcome: 'done',
    detail: { roles, first: true },
  })
  const value = { id, roles, attributes, publicKey, createdMs: deps.nowMs(), createdBy: 'sallyport' }
  await deps.state.transact([{ op: 'insert', kind: 'user', value }], basis)
  return { ok: true, output: { user: id, roles } }
}

async function refuse(deps: ControlDeps, error: unknown, asked: Asked): Promise<ControlAnswer> {
  const known = isGatewayError(error) ? error : new GatewayError('INTERNAL', 'a bug; the call had no answer', { cause: error })
  const code: ErrorCode = known.code
  try {
    await append(deps, asked, { outcome: 'refused', code, detail: {} })
  } catch (failure) {
    if (!isGatewayError(failure)) throw failure
    return { ok: false, code: failure.code, message: failure.message }
  }
  return { ok: false, code, message: known.message }
}

function append(
  deps: ControlDeps,
  asked: Asked,
  entry: { outcome: 'done' | 'refused'; code?: string; detail: AuditDetail },
): Promise<number> {
  const actor =
    asked.verified === undefined
      ? ({ type: 'unverified', id: asked.user } as const)
      : ({ type: 'user', id: asked.user, method: 'ed25519' } as const)
  const target = asked.target === undefined ? {} : { target: asked.target }
  const code = entry.code === undefined ? {} : { code: entry.code }
  return deps.audit.append({
    type: 'admin',
    actor,
    verb: asked.verb,
    ...target,
    outcome: entry.outcome,
    ...code,
    detail: { ...entry.detail },
  })
}

function requireRole(verb: Verb, user: UserRecord): void {
  if (user.roles.some((role) => verb.roles.includes(role))) return
  throw new GatewayError('IDENTITY_FORBIDDEN', `${verb.name} needs one of the roles ${verb.roles.join(', ')}`)
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
