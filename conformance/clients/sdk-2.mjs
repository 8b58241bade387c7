import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { endpoint, report } from './report.mjs'

const mode = process.argv[5] === 'auto' ? { versionNegotiation: { mode: 'auto' } } : {}
const client = new Client({ name: 'sdk-2', version: '1.0.0' }, mode)
await client.connect(new StreamableHTTPClientTransport(new URL(endpoint.url), { requestInit: { headers: endpoint.headers } }))
await report({
  list: async () => (await client.listTools()).tools.map(({ name }) => name),
  call: (name, args) => client.callTool({ name, arguments: args }),
  close: () => client.close(),
})
