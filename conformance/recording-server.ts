import { createServer } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

/** One call as the tool server saw it. */
export interface RecordedCall {
  readonly tool: string
  readonly args: Readonly<Record<string, unknown>>
  /** Protocol revision the request was sent with. */
  readonly revision: string
}

/**
 * A tool server that counts: what a client claims to have done is checked against what arrived here. Speaks both revisions.
 * @returns Its MCP address and the calls so far, oldest first.
 */
export async function startRecordingServer(): Promise<{
  readonly url: string
  readonly calls: readonly RecordedCall[]
  close(): Promise<void>
}> {
  const calls: RecordedCall[] = []
  const handler = toNodeHandler(
    createMcpHandler(({ requestInfo }) => customers(calls, requestInfo?.headers.get('mcp-protocol-version') ?? 'none')),
  )
  const listener = createServer((request, response) => void handler(request as Parameters<typeof handler>[0], response))
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      listener.close(() => resolve())
      listener.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${port}/mcp`, calls, close }
}

function customers(calls: RecordedCall[], revision: string): McpServer {
  const server = new McpServer({ name: 'customers', version: '1.0.0' })
  server.registerTool(
    'find',
    { description: 'Finds the customers of a region', inputSchema: z.object({ region: z.string() }) },
    async (args) => {
      calls.push({ tool: 'find', args, revision })
      return { content: [{ type: 'text', text: `Customers of ${args.region}: Ada, Grace` }] }
    },
  )
  server.registerTool(
    'erase',
    { description: 'Erases all customers of a region', inputSchema: z.object({ region: z.string() }) },
    async (args) => {
      calls.push({ tool: 'erase', args, revision })
      return { content: [{ type: 'text', text: 'Erased' }] }
    },
  )
  return server
}
