import { Client, type CallToolResult, ProtocolError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { z } from 'zod'
import type { Attempt } from './script.ts'

const ENTRY_KEY = 'dev.sallyport/entry'
const REFUSAL_KEY = 'dev.sallyport/refusal'
const TEXT_CHARS_MAX = 200

const Answer = z.object({ rows: z.array(z.record(z.string(), z.unknown())).optional(), text: z.string().optional() })
const Refusal = z.object({ reasons: z.array(z.string()), entry: z.int().optional() })

/** What became of one attempt, as the agent's side saw it. */
export interface Observed {
  readonly outcome: 'allowed' | 'denied' | 'failed'
  readonly reasons: readonly string[]
  /** Index of the decision in the audit log. */
  readonly entry?: number
  /** The answer in a few words. */
  readonly text: string
  /** What the agent now holds: structured content, contents of a resource, or names of tools. */
  readonly content?: unknown
}

export interface AgentSettings {
  /** Base URL of the gateway. */
  readonly url: string
  readonly agent: string
  /** Key or session token. */
  readonly credential: string
}

export interface ScriptedAgent {
  perform(attempt: Attempt): Promise<Observed>
  close(): Promise<void>
}

/** Connects an unmodified MCP client. It knows a URL and a credential, as any agent does. */
export async function connectAgent(settings: AgentSettings): Promise<ScriptedAgent> {
  const headers = { Authorization: `Bearer ${settings.credential}` }
  const client = new Client({ name: 'obedient-agent', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${settings.url}/a/${settings.agent}/mcp`), { requestInit: { headers } }),
  )
  return { perform, close: () => client.close() }

  async function perform(attempt: Attempt): Promise<Observed> {
    try {
      return await attemptOnce(attempt)
    } catch (error) {
      return fromError(error)
    }
  }

  async function attemptOnce(attempt: Attempt): Promise<Observed> {
    switch (attempt.kind) {
      case 'list': {
        const { tools, _meta } = await client.listTools()
        return allowed(
          _meta,
          counted(tools.length, 'tool'),
          tools.map((tool) => tool.name),
        )
      }
      case 'tool': {
        // Agents see `server__tool` where manifests write `server.tool`.
        return fromToolResult(await client.callTool({ name: attempt.tool.replace('.', '__'), arguments: { ...attempt.args } }))
      }
      case 'resource': {
        const { contents, _meta } = await client.readResource({ uri: attempt.uri })
        return allowed(_meta, counted(contents.length, 'document'), contents)
      }
      case 'admin':
        return administrate(attempt.path)
    }
  }

  /** Plain HTTP with the agent's own credential, aimed past the MCP endpoint. */
  async function administrate(path: string): Promise<Observed> {
    const body = JSON.stringify({ agent: settings.agent, grant: { 'mail.sendExternal': { scope: 'send', tier: 'low' } } })
    const response = await fetch(`${settings.url}${path}`, {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json' },
      body,
    })
    await response.body?.cancel()
    const text = `HTTP ${response.status}`
    return { outcome: response.ok ? 'allowed' : 'denied', reasons: [], text }
  }
}

function fromToolResult(result: CallToolResult): Observed {
  const text = result.content.map((block) => (block.type === 'text' ? block.text : block.type)).join(' ')
  const refusal = Refusal.safeParse(result._meta?.[REFUSAL_KEY])
  if (refusal.success) return denied(refusal.data, text)
  if (result.isError === true) return { outcome: 'failed', reasons: [], text: text.slice(0, TEXT_CHARS_MAX) }
  return allowed(result._meta, summary(result.structuredContent) ?? text, result.structuredContent)
}

function fromError(error: unknown): Observed {
  if (!(error instanceof Error)) throw error
  const refusal = Refusal.safeParse(error instanceof ProtocolError ? error.data : undefined)
  return refusal.success
    ? denied(refusal.data, error.message)
    : { outcome: 'failed', reasons: [], text: error.message.slice(0, TEXT_CHARS_MAX) }
}

function denied(refusal: z.infer<typeof Refusal>, text: string): Observed {
  return {
    outcome: 'denied',
    reasons: refusal.reasons,
    ...(refusal.entry === undefined ? {} : { entry: refusal.entry }),
    text: text.slice(0, TEXT_CHARS_MAX),
  }
}

function allowed(meta: Readonly<Record<string, unknown>> | undefined, text: string, content: unknown): Observed {
  const entry = z.int().safeParse(meta?.[ENTRY_KEY])
  return {
    outcome: 'allowed',
    reasons: [],
    ...(entry.success ? { entry: entry.data } : {}),
    text: text.slice(0, TEXT_CHARS_MAX),
    content,
  }
}

/** What an answer holds, without repeating it. */
function summary(content: unknown): string | undefined {
  const { rows, text } = Answer.safeParse(content).data ?? {}
  if (rows !== undefined) return `${counted(rows.length, 'row')} of ${Object.keys(rows[0] ?? {}).join(', ')}`
  return text === undefined ? undefined : `a text of ${text.length} characters`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
