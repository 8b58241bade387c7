import { GatewayError, isGatewayError, type ErrorCode, type Json } from '@sallyport/core'
import type { z } from 'zod'
import { boundedCache } from '../bounded-cache.ts'
import { openRefusals, type Refusals } from '../refusals.ts'
import { SYSTEM_ACTOR } from '../system-entries.ts'
import { againIfMoved } from './again-if-moved.ts'
import { auditTail } from './audit.ts'
import { createAuthenticator } from './authenticate.ts'
import type { AuditDetail, ControlActor, ControlDeps, Plan, Verb } from './define-verb.ts'
import { followEntries, type Following } from './follow-entries.ts'
import { ControlRequest, FirstOwner, type ControlAnswer } from './request.ts'
import { openSignIn, type SignInSteps, type Step } from './sign-in.ts'
import { findVerb } from './verbs.ts'
import { SignIn, WebRequest } from './web-request.ts'

/** The control plane: people's acts on the gateway's own state. */
export interface Control {
  /** Answers one request of a person: signed, or with a browser's session. Never throws for what a caller did; every call leaves an `admin` entry. */
  call(request: unknown): Promise<ControlAnswer>
  /**
   * Gives the log as it is written to whoever may read it, from a browser; every reading has an entry when it begins and when it
   * ends. Resolves when it ended, with the refusal where that was the reason.
   */
  follow(request: unknown, following: Following): Promise<ControlAnswer>
}

const PROBLEMS_MAX = 5
/** First looks at requests that are remembered. */
const LOOKS_MAX = 10_000
/** What reading the log live needs. */
const TAIL = auditTail as unknown as Verb

interface Asked {
  readonly verb: string
  readonly user: string
  readonly verified?: ControlActor
  readonly target?: string
  /** It came from a browser: refusals of those nobody has identified are bounded. */
  readonly isOpen?: true
}

/**
 * Opens the control plane. Calls are taken one after the other, so that a check and its change belong together. Those that may
 * take long stand in a queue of their own: nobody who isolates an agent waits for a search through years. Nor for a sign-in, which
 * may ask a provider for its keys and which anybody may try.
 */
export function openControl(given: ControlDeps): Control {
  const deps: ControlDeps = { looks: boundedCache(LOOKS_MAX), ...given }
  const authenticate = createAuthenticator(deps)
  const refusals = openRefusals(deps.audit, deps.nowMs)
  const enter = openSignIn(deps)
  const queues: Record<Queue, Promise<unknown>> = { acts: Promise.resolve(), long: Promise.resolve(), signIns: Promise.resolve() }
  return {
    call(request) {
      const queue = queueOf(request)
      const answer = queues[queue].then(() => handle(request))
      queues[queue] = answer.catch(() => undefined)
      return answer
    },
    follow,
  }

  async function follow(body: unknown, following: Following): Promise<ControlAnswer> {
    let asked: Asked = { verb: TAIL.name, user: 'unknown', isOpen: true }
    try {
      const request = parse(WebRequest, body, NOT_A_REQUEST)
      const actor = await authenticate.web(request)
      asked = { ...asked, user: actor.user.id, verified: actor }
      requireMay(TAIL, actor)
      const { from: wanted } = parseInput(TAIL, request.input) as { from?: number }
      const from = wanted ?? (await deps.audit.size())
      await append(deps, asked, { outcome: 'done', detail: { live: 'begins', from } })
      let to = from
      const recheck = async (): Promise<void> => requireMay(TAIL, await authenticate.web(request, false))
      try {
        await followEntries(deps, { ...following, from, recheck, given: (next) => (to = next) })
      } finally {
        await append(deps, asked, { outcome: 'done', detail: { live: 'ended', from, to } })
      }
      return { ok: true, output: { from, to } }
    } catch (error) {
      return refuse({ ...deps, refusals }, error, asked)
    }
  }

  async function handle(body: unknown): Promise<ControlAnswer> {
    let asked: Asked = { verb: 'unknown', user: 'unknown' }
    try {
      const first = FirstOwner.safeParse(body)
      if (first.success) return await createFirstOwner(deps, first.data)
      if (isObject(body) && 'signIn' in body) {
        asked = { ...asked, verb: 'sign-in', isOpen: true }
        const { signIn } = parse(SignIn, body, 'not a sign-in')
        asked = { ...asked, verb: `sign-in.${signIn.step}` }
        return { ok: true, output: await againIfMoved(() => signInOnce(deps, enter, { step: signIn, asked })) }
      }
      const request =
        isObject(body) && 'session' in body ? parse(WebRequest, body, NOT_A_REQUEST) : parse(ControlRequest, body, NOT_A_REQUEST)
      const verb = findVerb(request.verb)
      asked = {
        verb: verb?.name ?? 'unknown',
        user: 'user' in request ? request.user : 'unknown',
        ...('session' in request && { isOpen: true }),
      }
      const actor = 'session' in request ? await authenticate.web(request) : await authenticate.signed(request)
      asked = { ...asked, user: actor.user.id, verified: actor }
      if (verb === undefined) throw new GatewayError('REQUEST_METHOD', 'no such verb')
      requireMay(verb, actor)
      const input = parseInput(verb, request.input)
      asked = { ...asked, ...(verb.target && { target: verb.target(input) }) }
      requireConfirmed(deps, verb, { input, actor })
      const ifMatch = 'ifMatch' in request ? request.ifMatch : undefined
      return {
        ok: true,
        output: await againIfMoved(() =>
          attemptOnce(deps, verb, { input, actor, asked, ...(ifMatch !== undefined && { ifMatch }) }),
        ),
      }
    } catch (error) {
      return refuse({ ...deps, refusals }, error, asked)
    }
  }
}

type Queue = 'acts' | 'long' | 'signIns'

function queueOf(body: unknown): Queue {
  if (!isObject(body)) return 'acts'
  if ('signIn' in body) return 'signIns'
  return 'verb' in body && typeof body.verb === 'string' && findVerb(body.verb)?.isLong ? 'long' : 'acts'
}

interface Call {
  readonly input: unknown
  readonly actor: ControlActor
  readonly asked: Asked
  readonly ifMatch?: string
}

async function attemptOnce(deps: ControlDeps, verb: Verb, call: Call): Promise<Json> {
  await deps.state.refresh()
  // Requests for approval change under it, also where nobody else writes.
  const basis = deps.state.revision()
  const { input, actor, asked } = call
  if (call.ifMatch !== undefined && verb.version?.(input, deps) !== call.ifMatch)
    throw new GatewayError('PRECONDITION_FAILED', 'it changed since you looked at it; look again')
  const plan = await verb.run(deps, input, actor)
  const output = verb.output.parse(plan.output) as Json
  await commit(deps, { ...plan, output, basis, asked, record: verb.record ?? 'before' })
  return output
}

/** A sign-in is recorded and applied like any act; a step that only asks for a challenge leaves nothing behind. */
async function signInOnce(deps: ControlDeps, enter: SignInSteps, { step, asked }: { step: Step; asked: Asked }): Promise<Json> {
  // Challenges that were spent are remembered until they would have expired anyway.
  await deps.state.prune(deps.nowMs())
  await deps.state.refresh()
  const basis = deps.state.revision()
  const { who, ...plan } = await enter(step)
  if (!who) return plan.output
  try {
    await commit(deps, { ...plan, basis, asked: { ...asked, user: who.user.id, verified: who }, record: 'before' })
  } catch (error) {
    if (!isGatewayError(error) || error.code !== 'CONFLICT') throw error
    throw new GatewayError('IDENTITY_INVALID', 'this was used before; start again', { cause: error })
  }
  return plan.output
}

/** Records and applies a plan that was made on `basis`. @throws GatewayError `STORE_MOVED` when that is not the state any more */
async function commit(
  deps: ControlDeps,
  { asked, basis, record: order, ...plan }: Plan<Json> & { asked: Asked; basis: number; record: 'before' | 'after' },
): Promise<void> {
  const { state } = deps
  const record = (): Promise<number> => append(deps, asked, { outcome: 'done', detail: plan.detail ?? {} })
  if (plan.changes === undefined) {
    await record()
    await plan.after?.()
    return
  }
  // Nothing is recorded for a plan that is known to be out of date.
  if (basis !== state.revision()) throw new GatewayError('STORE_MOVED', 'the state changed meanwhile; ask again')
  if (order !== 'after') await record()
  try {
    await state.transact(plan.changes, basis)
  } catch (error) {
    // What was recorded as done was not: each attempt has a record of its own.
    if (order !== 'after' && isGatewayError(error) && error.code === 'STORE_MOVED')
      await append(deps, asked, { outcome: 'refused', code: error.code, detail: {} })
    throw error
  }
  await plan.after?.()
  if (order === 'after') await record()
}

async function createFirstOwner(deps: ControlDeps, { firstOwner }: FirstOwner): Promise<ControlAnswer> {
  const { user: id, roles, attributes, publicKey } = firstOwner
  await deps.state.refresh()
  const basis = deps.state.isShared ? deps.state.revision() : undefined
  if (deps.state.users().length > 0) throw new GatewayError('IDENTITY_FORBIDDEN', 'there are users already; an owner adds others')
  if (!roles.includes('owner')) throw new GatewayError('REQUEST_PARAMS', 'the first user must be an owner')
  await deps.audit.append({
    type: 'admin',
    actor: SYSTEM_ACTOR,
    verb: 'user.create',
    target: id,
    outcome: 'done',
    detail: { roles, first: true },
  })
  const value = { id, roles, attributes, publicKey, createdMs: deps.nowMs(), createdBy: 'sallyport' }
  await deps.state.transact([{ op: 'insert', kind: 'user', value }], basis)
  return { ok: true, output: { user: id, roles } }
}

async function refuse(deps: ControlDeps & { readonly refusals: Refusals }, error: unknown, asked: Asked): Promise<ControlAnswer> {
  const known = isGatewayError(error) ? error : new GatewayError('INTERNAL', 'a bug; the call had no answer', { cause: error })
  const code: ErrorCode = known.code
  try {
    if (asked.isOpen && !asked.verified) await deps.refusals.record({ error: known, claims: { verb: asked.verb } })
    else await append(deps, asked, { outcome: 'refused', code, detail: {} })
  } catch (failure) {
    if (!isGatewayError(failure)) throw failure
    return { ok: false, code: failure.code, message: failure.message }
  }
  return { ok: false, code, message: known.message }
}

function append(
  deps: ControlDeps,
  { verified, user: id, verb, target }: Asked,
  { outcome, code, detail }: { outcome: 'done' | 'refused'; code?: string; detail: AuditDetail },
): Promise<number> {
  const { method, confirmation } = verified ?? {}
  return deps.audit.append({
    type: 'admin',
    actor: method === undefined ? { type: 'unverified', id } : { type: 'user', id, method },
    verb,
    ...(target !== undefined && { target }),
    outcome,
    ...(code !== undefined && { code }),
    // What the passkey signed is kept as it came, so that anyone can check it against the request.
    detail: { ...detail, ...(confirmation && { confirmation: JSON.stringify(confirmation) }) },
  })
}

function requireMay(verb: Verb, { user, method }: ControlActor): void {
  if (verb.isLocal && method !== 'ed25519')
    throw new GatewayError('IDENTITY_FORBIDDEN', `${verb.name} writes a file on the gateway's machine; use the command line there`)
  if (method === 'link' && verb.forLinks !== true)
    throw new GatewayError('IDENTITY_FORBIDDEN', 'a one-time link lets you register a passkey; sign in with it for anything else')
  if (user.roles.some((role) => verb.roles.includes(role))) return
  throw new GatewayError('IDENTITY_FORBIDDEN', `${verb.name} needs one of the roles ${verb.roles.join(', ')}`)
}

/** Whoever signs each request with a key of their own has confirmed it already. */
function requireConfirmed(deps: ControlDeps, verb: Verb, { input, actor }: Pick<Call, 'input' | 'actor'>): void {
  if (actor.method === 'ed25519' || actor.confirmation || !verb.confirm?.(input, deps, actor)) return
  const hasPasskey = deps.state.passkeys(actor.user.id).length > 0
  throw new GatewayError(
    'IDENTITY_CONFIRM',
    hasPasskey ? 'confirm this with your passkey' : 'this is confirmed with a passkey, and you have none; register one first',
  )
}

const NOT_A_REQUEST = 'not a control request'

function parse<S extends z.ZodType>(schema: S, body: unknown, what: string): z.output<S> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw new GatewayError('REQUEST_INVALID', `${what}: ${where(result.error)}`)
}

function isObject(body: unknown): body is object {
  return typeof body === 'object' && body !== null
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
