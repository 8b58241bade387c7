import { createMCPClient } from '@ai-sdk/mcp'
import { endpoint, report } from './report.mjs'

const client = await createMCPClient({ transport: { type: 'http', url: endpoint.url, headers: endpoint.headers } })
const tools = await client.tools()
await report({
  list: async () => Object.keys(tools),
  call: (name, args) => tools[name].execute(args, { toolCallId: 'one', messages: [] }),
  close: () => client.close(),
})
