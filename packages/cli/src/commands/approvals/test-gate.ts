import { setTimeout as wait } from 'node:timers/promises'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { GatewayError, isGatewayError, type JsonObject } from '@sallyport/core'
import { VERBS } from '@sallyport/gateway'
import type { Command } from 'commander'
import { z } from 'zod'
import { type ControlClient, openClient } from '../../control-client.ts'
import type { Act, Context } from '../../define-command.ts'
import { parseObject, parseToolName } from '../../options.ts'
import { time } from '../../table.ts'

/** Longer than a call may wait for people. */
const CALL_MS_MAX = 60_000
const LOOK_MS = 200
/** A session token lives no longer, and each act has one of its own. */
const LAPSE_MS_MAX = 3_600_000
const REASON = 'a test of the gate'
const REFUSAL_KEY = 'dev.sallyport/refusal'

const Refusal = z.object({ reasons: z.array(z.string()) })

interface Options {
  readonly agent: string
  readonly task: string
  readonly tool: { readonly server: string; readonly tool: string }
  readonly approver: string
  readonly args: JsonObject
  readonly otherArgs: JsonObject
}

/** `approvals test-gate`: R150. Drives the running gateway as an agent and an approver would; the gateway judges from its log. */
export function addTestGate(command: Command, act: Act): void {
  command
    .command('test-gate')
    .description('approve, reject and let lapse one harmless act each, through the running gateway, and keep the evidence')
    .requiredOption('--agent <agent>', 'who acts, for you')
    .requiredOption('--task <task>', 'in which task')
    .requiredOption('--tool <server.tool>', 'a harmless tool that waits for people; it is called once', parseToolName)
    .requiredOption('--approver <user>', 'who decides: somebody else, whose key is here too')
    .option('--args <json>', 'arguments of the calls that are approved and rejected', parseObject, { test: 1 })
    .option('--other-args <json>', 'arguments of the one that lapses', parseObject, { test: 2 })
    .action(act(VERBS['approval.test'].output, (context, options: Options) => testGate(context, options)))
}

async function testGate(
  context: Context,
  options: Options,
): Promise<{ output: z.output<(typeof VERBS)['approval.test']['output']>; text: string }> {
  const asker = openClient(context)
  const approver = openClient({ ...context, user: options.approver })
  const { running } = await asker.call('status', {})
  if (!running) throw new GatewayError('STORE_UNAVAILABLE', 'no gateway runs here; start it with "sallyport up"')
  const gate: Gate = { ...options, asker, approver, url: running.url }
  const say = (text: string): void => (context.json ? undefined : context.write(text))

  const approved = await ask(gate, options.args)
  await decide(gate, approved, 'approve')
  await settle(gate, approved, 'consumed')
  say(`approved: ${approved.id} ran, once`)

  const rejected = await ask(gate, options.args)
  await decide(gate, rejected, 'reject')
  await settle(gate, rejected, 'rejected')
  say(`rejected: ${rejected.id} did not run`)

  const expired = await ask(gate, options.otherArgs)
  await lapse(gate, expired, say)
  await settle(gate, expired, 'expired')
  say(`lapsed:   ${expired.id} did not run, and approving it then was refused`)

  const output = await asker.call('approval.test', { approved: approved.id, rejected: rejected.id, expired: expired.id })
  return { output, text: `the log shows it: entries ${output.test.entries.join(', ')}` }
}

interface Gate extends Omit<Options, 'approver'> {
  readonly asker: ControlClient
  readonly approver: ControlClient
  readonly url: string
}

interface Asked {
  readonly id: string
  readonly args: JsonObject
  readonly expiresMs: number
  /** The call that asked; it may still wait for people. */
  readonly answer: Promise<readonly string[]>
}

/** Sends the call and waits until people are asked about it. @throws GatewayError `CONFLICT` when nobody is */
async function ask(gate: Gate, args: JsonObject): Promise<Asked> {
  const before = new Set((await requests(gate)).map(({ id }) => id))
  let answered: readonly string[] | Error | undefined
  const answer = call(gate, args)
  answer.then(
    (reasons) => (answered = reasons),
    (error: unknown) => (answered = error instanceof Error ? error : new Error(String(error))),
  )
  for (;;) {
    // Whoever was answered was asked about before: looked at in this order, no request is missed.
    const known = answered
    const { server, tool } = gate.tool
    const asked = (await requests(gate)).find(
      (one) => !before.has(one.id) && one.agent === gate.agent && one.server === server && one.name === tool,
    )
    if (asked) return { id: asked.id, args, expiresMs: asked.expiresMs, answer }
    if (known instanceof Error) throw known
    if (known)
      throw new GatewayError(
        'CONFLICT',
        `nobody was asked: the call was ${known.length === 0 ? 'carried out' : `refused: ${known.join(', ')}`}`,
      )
    await wait(LOOK_MS)
  }
}

async function requests({ approver }: Gate) {
  return (await approver.call('approval.list', { all: true, limit: 500 })).requests
}

/** One call by an unmodified client; why it was refused, or nothing. */
async function call({ asker, url, agent, task, tool }: Gate, args: JsonObject): Promise<readonly string[]> {
  const { token } = await asker.call('session.create', { agent, task, purpose: REASON })
  const client = new Client({ name: 'sallyport-test-gate', version: '1' }, { versionNegotiation: { mode: 'auto' } })
  const requestInit = { headers: { authorization: `Bearer ${token}` } }
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/a/${agent}/mcp`), { requestInit }))
  try {
    const params = { name: `${tool.server}__${tool.tool}`, arguments: args }
    const { _meta } = await client.callTool(params, { timeout: CALL_MS_MAX })
    const refusal = Refusal.safeParse(_meta?.[REFUSAL_KEY])
    return refusal.success ? refusal.data.reasons : []
  } finally {
    await client.close()
  }
}

async function decide({ approver }: Gate, { id }: Asked, verdict: 'approve' | 'reject'): Promise<void> {
  const { shown } = await approver.call('approval.show', { id })
  await approver.call('approval.decide', { id, verdict, reason: REASON, shown })
}

/** Waits for the end of a request that nobody answers, and tries to answer it then. */
async function lapse({ approver }: Gate, { id, expiresMs }: Asked, say: (text: string) => void): Promise<void> {
  const leftMs = expiresMs - Date.now()
  if (leftMs > LAPSE_MS_MAX)
    throw new GatewayError(
      'CONFLICT',
      `nobody waits ${Math.round(leftMs / 60_000)} minutes for a test; lower approvalTimeoutMs for it`,
    )
  const { shown } = await approver.call('approval.show', { id })
  say(`waiting until ${time(expiresMs)}, when the third one lapses`)
  while (Date.now() <= expiresMs) await wait(Math.min(LOOK_MS + Math.max(0, expiresMs - Date.now()), LAPSE_MS_MAX))
  const late = approver.call('approval.decide', { id, verdict: 'approve', reason: REASON, shown })
  const code = await late.then(
    () => 'taken',
    (error: unknown) => (isGatewayError(error) ? error.code : 'failed'),
  )
  if (code !== 'CONFLICT') throw new GatewayError('CONFLICT', `an approval that came too late was ${code}`)
}

/** Sends the same call again, as an agent does, and holds the request against what it must be by then. */
async function settle(gate: Gate, { id, args, answer }: Asked, state: string): Promise<void> {
  const stateNow = async (): Promise<string | undefined> => (await requests(gate)).find((one) => one.id === id)?.state
  await answer
  // A call that was still waiting has run by now.
  if ((await stateNow()) !== 'consumed') await call(gate, args)
  const now = await stateNow()
  if (now !== state) throw new GatewayError('CONFLICT', `${id} is ${now ?? 'gone'}, not ${state}`)
}
