import { type Channel, INGESTION_CHANNELS, type Json, type JsonObject } from '@sallyport/core'
import { type Governed, govern, reads } from '../../../packages/gateway/src/fixtures/govern.ts'
import type { mcp } from '../../../packages/gateway/src/protocols/mcp/formats.ts'
import { STREAMINGS } from '../../../packages/gateway/src/text-format.ts'
import type { Cell } from './cells.ts'
import { type ScriptedServer, startScriptedServer } from './mcp-server.ts'
import { BENIGN_IN, PLANTED_IN } from './payloads.ts'

const SPEAKS = ['both', 'modern', 'legacy'] as const
const TASK = 'work'
/** One key for each set of capabilities a client declares: a handshake-era session declares them once. */
export const KEYS = ['plain', 'asked', 'odd'] as const
/** Where list items have their text. */
const LISTED = [
  'prompts-description',
  'prompts-title',
  'prompts-argument',
  'resources-description',
  'resources-title',
  'templates-description',
] as const
const DEFINED = ['tool-description', 'tool-parameter'] as const
type Id = (typeof mcp)['formats'][number]['id']
const KINDS = [
  ['planted', PLANTED_IN.text],
  ['benign', BENIGN_IN.text],
] as const

export interface McpWorld {
  readonly governed: Governed
  readonly serverOf: (cell: Cell) => ScriptedServer
  close(): Promise<void>
}

/** Name of the server, and of its agent, that a cell goes through. */
export function idOf({ channel, format, pairing, streaming }: Cell): string {
  const speaks = pairing === 'modern>legacy' ? 'legacy' : pairing === 'legacy>modern' ? 'modern' : 'both'
  return serverId(format.channel === undefined ? channel : 'tool', speaks, streaming)
}

function serverId(channel: Channel, speaks: string, streaming: string): string {
  return `${channel}-${speaks}-${streaming}`
}

export const itemName = (isPlanted: boolean, id: string): string => `${isPlanted ? 'planted' : 'benign'}-${id}`
export const noteUri = (id: string, name: string): string => `${id}:///${name}`

/** A live gateway: one server and one agent for each channel, revision and way to answer. */
export async function openMcpWorld(): Promise<McpWorld> {
  const servers = new Map<string, ScriptedServer>()
  for (const speaks of SPEAKS)
    for (const streaming of STREAMINGS)
      servers.set(`${speaks}-${streaming}`, await startScriptedServer({ speaks, streaming, lists, instructions: PLANTED_IN.text }))
  const ids = INGESTION_CHANNELS.flatMap((channel) =>
    SPEAKS.flatMap((speaks) =>
      STREAMINGS.map((streaming) => ({ channel, at: `${speaks}-${streaming}`, id: serverId(channel, speaks, streaming) })),
    ),
  )
  const url = (at: string, id: string): string => `${servers.get(at)?.url}/${id}`
  const tools = toolsOf()
  const reviewed = tools.filter(({ name }) => !name.startsWith('planted')).map((definition) => [definition, 'read'] as const)
  const governed = await govern({
    servers: Object.fromEntries(
      ids.map(({ channel, at, id }) => [
        id,
        { transport: 'http', url: url(at, id), pinRecheckMs: 3_600_000, source: { channel, classes: [] } },
      ]),
    ),
    reviewed: Object.fromEntries(ids.map(({ id }) => [id, reviewed as never])),
    agents: Object.fromEntries(
      ids.map(({ id }) => [
        id,
        agentOf(
          id,
          tools.map(({ name }) => name),
        ),
      ]),
    ),
  })
  const close = async (): Promise<void> => {
    await governed.close()
    for (const server of servers.values()) await server.close()
  }
  return { governed, serverOf: (cell) => servers.get(idOf(cell).split('-').slice(-2).join('-')) as ScriptedServer, close }
}

function agentOf(id: string, tools: readonly string[]): Parameters<typeof govern>[0]['agents'][string] {
  const named = [...KINDS.flatMap(([kind]) => LISTED.map((listed) => `${kind}-${listed}`)), 'letter']
  const uris = [noteUri(id, '{name}'), ...KINDS.flatMap(([kind]) => [`${id}-list:///${kind}`, `${id}-${kind}:///{x}`])]
  const task = {
    tools: reads(...tools.map((tool) => `${id}.${tool}`)),
    prompts: Object.fromEntries(named.map((name) => [`${id}.${name}`, {}])),
    resources: Object.fromEntries(
      [...uris, ...KINDS.flatMap(([kind]) => LISTED.map((listed) => `${id}-list:///${kind}-${listed}`))].map((uri) => [
        `${id}.${uri}`,
        {},
      ]),
    ),
    clientFeatures: { elicitation: [id], sampling: [id], logging: [id] },
  }
  return {
    tasks: { [TASK]: task },
    keys: Object.fromEntries(KEYS.map((key) => [key, TASK])),
    manifest: { defaults: { rateLimit: { callsMax: 100_000, windowMs: 60_000 } } },
  }
}

/** The reviewed tool every call goes to, and definitions with and without something planted in them. */
function toolsOf(): { name: string; description: string; inputSchema: JsonObject }[] {
  const open = { type: 'object', additionalProperties: true }
  const defined = KINDS.flatMap(([kind, text]) =>
    DEFINED.map((id) => ({
      name: `${kind}-${id}`,
      description: id === 'tool-description' ? text : 'Reads one page.',
      inputSchema: id === 'tool-parameter' ? { ...open, properties: { page: { type: 'string', description: text } } } : open,
    })),
  )
  return [{ name: 'act', description: 'Does what it is told.', inputSchema: open }, ...defined]
}

/** Every list holds a planted and a benign item for each place of text in it. */
function lists(method: string, path: string): JsonObject | undefined {
  const id = path.slice(1)
  const items = (prefix: string, item: (listed: Id, text: string, kind: string) => JsonObject): Json[] =>
    KINDS.flatMap(([kind, text]) => LISTED.filter((listed) => listed.startsWith(prefix)).map((listed) => item(listed, text, kind)))
  const texts = (listed: string, text: string): JsonObject =>
    listed.endsWith('argument')
      ? { arguments: [{ name: 'year', description: text }] }
      : { [listed.slice(listed.indexOf('-') + 1)]: text }
  switch (method) {
    case 'tools/list':
      return { tools: toolsOf() }
    case 'prompts/list':
      return { prompts: items('prompts', (listed, text, kind) => ({ name: `${kind}-${listed}`, ...texts(listed, text) })) }
    case 'resources/list':
      return {
        resources: items('resources', (listed, text, kind) => ({
          uri: `${id}-list:///${kind}-${listed}`,
          name: listed,
          ...texts(listed, text),
        })),
      }
    case 'resources/templates/list':
      return {
        resourceTemplates: items('templates', (listed, text, kind) => ({
          uriTemplate: `${id}-${kind}:///{x}`,
          name: listed,
          ...texts(listed, text),
        })),
      }
    default:
      return undefined
  }
}
