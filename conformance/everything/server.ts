import { randomBytes } from 'node:crypto'
import { createRequestStateCodec, McpServer, type ServerNotifier } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { registerAskingTools, type RoundState } from './asking-tools.ts'
import { registerContentTools } from './content-tools.ts'
import { registerPrompts, registerResources } from './resources-and-prompts.ts'

/** One key for the whole process: with revision 2026-07-28 every request meets a new server object. */
const codec = createRequestStateCodec<RoundState>({ key: randomBytes(32) })

/**
 * A server with every tool, resource and prompt that the official conformance scenarios ask for by name.
 * @param changes Where the change notifications of open `subscriptions/listen` streams are published.
 */
export function everythingServer(changes: () => ServerNotifier): McpServer {
  const server = new McpServer(
    { name: 'everything', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        logging: {},
        completions: {},
      },
      requestState: { verify: (state, context) => codec.verify(state, context) },
    },
  )
  registerContentTools(server)
  registerAskingTools(server, codec)
  registerTriggers(server, changes)
  registerResources(server)
  registerPrompts(server)
  return server
}

/** Tools whose only effect is that open streams hear of a change. */
function registerTriggers(server: McpServer, changes: () => ServerNotifier): void {
  const inputSchema = z.object({})
  server.registerTool('test_trigger_tool_change', { description: 'Says that the tools have changed', inputSchema }, async () => {
    changes().toolsChanged()
    return { content: [{ type: 'text', text: 'said' }] }
  })
  server.registerTool(
    'test_trigger_prompt_change',
    { description: 'Says that the prompts have changed', inputSchema },
    async () => {
      changes().promptsChanged()
      return { content: [{ type: 'text', text: 'said' }] }
    },
  )
}
