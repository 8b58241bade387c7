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

/** Opens the control plane. Calls are taken one after the other, so that a check and its change belong together. */
export function openControl(deps: ControlDeps): Control {
  const authenticate = createAuthenticator(deps)
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
      if (first.success) return await createFirstOwner(deps, first.data)
      const request = parseRequest(body)
      const verb = findVerb(request.verb)
      asked = { verb: verb?.name ?? 'unknown', user: request.user }
      const user = authenticate(request)
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

/** Plans, then records and applies, in the order the verb wants. */
async function execute(
  deps: ControlDeps,
  verb: Verb,
  call: { readonly input: unknown; readonly user: UserRecord; readonly asked: Asked },
): Promise<Json> {
  const plan = await verb.run(deps, call.input, { user: call.user })
  const output = verb.output.parse(plan.output) as Json
  const record = (): Promise<number> => append(deps, call.asked, { outcome: 'done', detail: plan.detail ?? {} })
  if (verb.record !== 'after') await record()
  if (plan.changes !== undefined) deps.state.transact(plan.changes)
  await plan.after?.()
  if (verb.record === 'after') await record()
  return output
}

async function createFirstOwner(deps: ControlDeps, { firstOwner }: FirstOwner): Promise<ControlAnswer> {
  const { user: id, roles, attributes, publicKey } = firstOwner
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
  deps.state.transact([{ op: 'insert', kind: 'user', value }])
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
