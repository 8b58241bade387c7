import { MCPServerStreamableHttp } from '@openai/agents'
import { endpoint, report } from './report.mjs'

const server = new MCPServerStreamableHttp({ url: endpoint.url, requestInit: { headers: endpoint.headers } })
await server.connect()
await report({
  list: async () => (await server.listTools()).map(({ name }) => name),
  call: (name, args) => server.callTool(name, args),
  close: () => server.close(),
})
