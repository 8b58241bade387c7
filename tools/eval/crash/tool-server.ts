// A tool server that writes down every call before it answers, and looks for its decision in the gateway's log at that moment.
// Arguments: file for the calls, folder of the log, key of the commitments in hex.
import { openSync, writeSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { readBody, sendJson, serve } from '../../bench/gateway/serve.ts'
import { commitmentOf } from './commitment.ts'
import { DEFINITIONS } from './company.ts'
import { watchLog } from './log-witness.ts'

/** Longest time the tool works, so that a kill finds calls at the server. */
const WORK_MS_MAX = 8
const [callsFile = '', logDir = '', commitKeyHex = ''] = process.argv.slice(2)
const file = openSync(callsFile, 'a')
const commitKey = Buffer.from(commitKeyHex, 'hex')
const witness = watchLog(logDir)
const COMPLETE = { resultType: 'complete', ttlMs: 60_000, cacheScope: 'public' }
const INFO = { capabilities: { tools: {} }, serverInfo: { name: 'ledger', version: '1' } }
const REST = new Map<string, object>([
  ['server/discover', { supportedVersions: ['2026-07-28'], ...INFO, ...COMPLETE }],
  ['initialize', { protocolVersion: '2025-11-25', ...INFO }],
  ['tools/list', { tools: Object.values(DEFINITIONS), ...COMPLETE }],
])

interface Message {
  readonly id?: string | number
  readonly method: string
  readonly params?: { readonly name?: string; readonly arguments?: { readonly id: string } }
}

serve((request, response) => void answer(request, response))

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request)
  if (request.method !== 'POST') return sendJson(response, 405, Buffer.from('{}'))
  const { id, method, params = {} } = JSON.parse(body.toString('utf8')) as Message
  if (id === undefined) return sendJson(response, 202, Buffer.alloc(0))
  const result = method === 'tools/call' ? await work(params) : REST.get(method)
  const outcome = result ? { result } : { error: { code: -32_601, message: 'no such method' } }
  sendJson(response, 200, Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, ...outcome })))
}

async function work({ name, arguments: args = { id: '' } }: NonNullable<Message['params']>): Promise<object> {
  const decided = await witness.hasDecision(commitmentOf(args, commitKey))
  writeSync(file, `${name} ${args.id} ${decided ? 'decided' : 'undecided'}\n`)
  await wait(Math.random() * WORK_MS_MAX)
  return { content: [{ type: 'text', text: 'noted' }], resultType: 'complete' }
}
