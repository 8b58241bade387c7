import {
  type ApprovalRecord,
  GatewayError,
  handle,
  isGatewayError,
  isJsonObject,
  type JsonObject,
  type Outbound,
  type ArgumentProposal,
  type Stages,
} from '@sallyport/core'
import type { Approvals } from '../../approvals.ts'
import { boundedCache } from '../../bounded-cache.ts'
import type { Told } from './encode.ts'
import type { McpRequest } from './request.ts'
import { TASKS_EXTENSION } from './wire.ts'

export interface WaitingDeps {
  readonly stages: Stages<McpRequest>
  readonly approvals: Pick<Approvals, 'settled' | 'holdMs' | 'request' | 'withdraw'>
  /** Page of the console about a request for approval; absent where there is no console. */
  readonly approvalUrl?: (id: string) => string
  /** Arguments of an act that waits. @throws GatewayError when they are gone */
  readonly keptArguments: (record: ApprovalRecord) => Promise<JsonObject>
  /** What somebody who said no would rather see. @throws GatewayError when it is gone */
  readonly keptProposal: (proposal: ArgumentProposal) => Promise<JsonObject>
  readonly nowMs: () => number
  /** A tool's name as agents see it. */
  readonly exposed: (server: string, name: string) => string
  /** The answer to a call as its client would have had it at once. */
  readonly answer: (request: McpRequest, outbound: Outbound & Told) => JsonObject
}

/** Acts that wait for people, as clients of MCP can take it. */
export interface Waiting {
  /**
   * Performs an act. One that waits for people becomes a task, or a page for the client's user to open, or is held for a while:
   * the first of these that the client can take.
   */
  perform(request: McpRequest): Promise<Outbound & Told>
  /**
   * `tasks/get`, `tasks/update`, `tasks/cancel`: the result. The act is carried out when its client asks after people approved,
   * decided anew from the start.
   * @throws GatewayError `REQUEST_PARAMS` when there is no such task of this caller
   */
  task(request: McpRequest): Promise<JsonObject>
}

const POLL_MS = 2_000
/** Answers of tasks that are kept until the task's time is over, so that a client that lost one asks again; larger ones are given once. */
const ANSWERS_MAX = 200
const ANSWER_CHARS_MAX = 256 * 1_024
/** What comes back with the round that opened a page. It says nothing but that; nobody gains by changing it. */
const STATE = /^sallyport\.apr-[0-9a-f]{24}$/
const QUESTION = 'approval'

export function openWaiting(deps: WaitingDeps): Waiting {
  const answers = boundedCache<JsonObject>(ANSWERS_MAX)
  const running = new Map<string, Promise<JsonObject>>()
  return { perform, task }

  async function perform(inbound: McpRequest): Promise<Outbound & Told> {
    const { request, action } = withoutAnswer(inbound)
    const outbound = await handle(request, deps.stages)
    if (outbound.ok || !outbound.waiting) return withProposal(outbound)
    const { id } = outbound.waiting
    const record = canBeTask(request) ? await deps.approvals.request(id) : undefined
    if (record) return { ...outbound, instead: { resultType: 'task', ...taskOf(record, deps.approvalUrl) } }
    const url = deps.approvalUrl?.(id)
    if (url !== undefined && action === undefined && canOpenPages(request)) return { ...outbound, instead: pageFor(id, url) }
    const withinMs = deps.approvals.holdMs()
    // Whoever turned the page down sends nobody to decide.
    if (withinMs === 0 || (action !== undefined && action !== 'accept')) return outbound
    // Comments on the stream keep proxies from giving up.
    request.reply.stream()
    const state = await deps.approvals.settled(id, { withinMs, signal: request.signal })
    return state === 'pending' ? outbound : withProposal(await handle(request, deps.stages))
  }

  async function withProposal(outbound: Outbound): Promise<Outbound & Told> {
    const record = outbound.ok || outbound.answered === undefined ? undefined : await deps.approvals.request(outbound.answered)
    if (!record?.proposal) return outbound
    // What was said is said without it, too.
    const proposal = await deps.keptProposal(record.proposal).catch(() => undefined)
    return proposal ? { ...outbound, proposal } : outbound
  }

  async function task(request: McpRequest): Promise<JsonObject> {
    const record = await requireTask(request)
    if (request.method === 'tasks/get') return { resultType: 'complete', ...(await standing(record, request)) }
    if (request.method === 'tasks/cancel') await deps.approvals.withdraw(record.id)
    return { resultType: 'complete' }
  }

  async function requireTask({ params, principal }: McpRequest): Promise<ApprovalRecord> {
    const { taskId } = params
    const record = typeof taskId === 'string' ? await deps.approvals.request(taskId) : undefined
    const isTheirs =
      record?.agent === principal.agent &&
      record.action.kind === 'tool.call' &&
      record.task === principal.task &&
      record.user?.id === principal.user?.id &&
      record.user?.issuer === principal.user?.issuer &&
      record.seeded === undefined
    if (!record || !isTheirs) throw new GatewayError('REQUEST_PARAMS', 'no such task')
    return record
  }

  async function standing(record: ApprovalRecord, request: McpRequest): Promise<JsonObject> {
    const task = taskOf(record, deps.approvalUrl)
    const known = deps.nowMs() < record.askedMs + ttlOf(record) ? answers.get(record.id) : undefined
    if (known) return { ...task, ...known }
    const before = running.get(record.id)
    if (before) return { ...task, ...(await before) }
    switch (record.state) {
      case 'pending':
        return task
      case 'cancelled':
        return { ...task, status: 'cancelled' }
      case 'rejected':
      case 'expired':
        return { ...task, ...(await refusedAs(record, request)) }
      case 'consumed':
        return { ...task, ...GONE }
      case 'approved': {
        // Asked twice at once it runs once.
        const ending = carryOut(record, request).finally(() => running.delete(record.id))
        running.set(record.id, ending)
        const done = await ending
        if (JSON.stringify(done).length <= ANSWER_CHARS_MAX) answers.set(record.id, done)
        return { ...task, ...done }
      }
    }
  }

  /** What people, or time, said. Sent once more it would be asked about anew as soon as their answer stands no longer. */
  async function refusedAs({ id, decision, state }: ApprovalRecord, request: McpRequest): Promise<JsonObject> {
    const reason = state === 'rejected' ? 'approval_rejected' : 'approval_expired'
    const said = { ok: false, entry: decision, effect: 'deny', reasons: [reason], details: [], answered: id } as const
    return ended(deps.answer({ ...request, kind: 'tool.call' }, await withProposal(said)))
  }

  /** The same call once more, as its client would send it; people having decided is a fact of it like any other. */
  async function carryOut(record: ApprovalRecord, request: McpRequest): Promise<JsonObject> {
    const { server = '', name = '' } = record.action
    const { _meta } = request.params
    const params = {
      name: deps.exposed(server, name),
      arguments: await deps.keptArguments(record),
      ...(_meta !== undefined && { _meta }),
    }
    const call: McpRequest = { ...request, kind: 'tool.call', method: 'tools/call', params }
    try {
      return ended(deps.answer(call, await withProposal(await handle(call, deps.stages))))
    } catch (error) {
      // Nothing was used up: whoever asks again finds the approval as it was.
      if (!isGatewayError(error) || (await deps.approvals.request(record.id))?.state !== 'consumed') throw error
      return { status: 'failed', error: { code: -32_603, message: error.message, data: { code: error.code } } }
    }
  }
}

const GONE: JsonObject = {
  status: 'failed',
  error: { code: -32_603, message: 'it was carried out; what came back is not kept any more' },
}

function ended({ result, error }: JsonObject): JsonObject {
  if (isJsonObject(result)) return { status: 'completed', result }
  return { status: 'failed', error: isJsonObject(error) ? error : GONE['error']! }
}

/** @see SEP-2663 */
function taskOf(record: ApprovalRecord, url: ((id: string) => string) | undefined): JsonObject {
  const { id, askedMs, endedMs, expiresMs } = record
  const time = (ms: number): string => new Date(ms).toISOString()
  const where = url ? ` at ${url(id)}` : ''
  return {
    taskId: id,
    status: 'working',
    statusMessage: `waits until ${time(expiresMs)} for people to decide${where}`,
    createdAt: time(askedMs),
    lastUpdatedAt: time(endedMs ?? askedMs),
    ttlMs: ttlOf(record),
    pollIntervalMs: POLL_MS,
  }
}

/** From asking to when an approval that came at the last moment can be used no more. */
function ttlOf({ askedMs, expiresMs, useWithinMs }: ApprovalRecord): number {
  return expiresMs - askedMs + useWithinMs
}

/** A round with answers for a server is in the middle of something; it has no end of its own to come back for. */
function canBeTask({ era, kind, params, capabilities }: McpRequest): boolean {
  const { extensions } = capabilities
  const isWhole = params['requestState'] === undefined && params['inputResponses'] === undefined
  return (
    era === 'modern' && kind === 'tool.call' && isWhole && isJsonObject(extensions) && isJsonObject(extensions[TASKS_EXTENSION])
  )
}

function canOpenPages({ era, capabilities }: McpRequest): boolean {
  const { elicitation } = capabilities
  return era === 'modern' && isJsonObject(elicitation) && isJsonObject(elicitation['url'])
}

/** Asks the client's user to open the page of the request. Whoever decides there signs in; the address opens nothing by itself. */
function pageFor(id: string, url: string): JsonObject {
  const message = 'A person has to approve this before it is done. Open the page to see who may, or send it to them.'
  const params = { mode: 'url', elicitationId: id, url, message }
  return {
    resultType: 'input_required',
    inputRequests: { [QUESTION]: { method: 'elicitation/create', params } },
    requestState: `sallyport.${id}`,
  }
}

/** The call as it was first sent, and what the client did with the page where it was given one. */
function withoutAnswer(inbound: McpRequest): { request: McpRequest; action: string | undefined } {
  const { requestState, inputResponses, ...params } = inbound.params
  if (typeof requestState !== 'string' || !STATE.test(requestState)) return { request: inbound, action: undefined }
  const given = isJsonObject(inputResponses) ? inputResponses[QUESTION] : undefined
  const action = isJsonObject(given) && typeof given['action'] === 'string' ? given['action'] : 'cancel'
  return { request: { ...inbound, params }, action }
}
