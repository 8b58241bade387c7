import { MultiServerMCPClient } from '@langchain/mcp-adapters'
import { endpoint, report } from './report.mjs'

const client = new MultiServerMCPClient({
  mcpServers: { sallyport: { transport: 'http', url: endpoint.url, headers: endpoint.headers } },
})
const tools = await client.getTools()
await report({
  list: async () => tools.map(({ name }) => name),
  call: (name, args) => tools.find((tool) => tool.name === name).invoke(args),
  close: () => client.close(),
})
