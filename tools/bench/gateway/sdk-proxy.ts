// An MCP proxy made of the official SDK alone: its server in, its client out, nothing checked and nothing recorded.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { type CallToolResult, Server, createMcpHandler } from '@modelcontextprotocol/server'
import { readBody, serve } from './serve.ts'

const [target = ''] = process.argv.slice(2)
const client = new Client({ name: 'sdk-proxy', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', target)))
const handler = toNodeHandler(createMcpHandler(proxyServer))

serve((request, response) => {
  void readBody(request).then((body) =>
    handler(request as Parameters<typeof handler>[0], response, JSON.parse(body.toString('utf8'))),
  )
})

function proxyServer(): Server {
  const server = new Server({ name: 'sdk-proxy', version: '1.0.0' }, { capabilities: { tools: {} } })
  server.setRequestHandler('tools/list', () => client.listTools())
  server.setRequestHandler(
    'tools/call',
    async ({ params }) => (await client.callTool({ name: params.name, arguments: params.arguments ?? {} })) as CallToolResult,
  )
  return server
}
