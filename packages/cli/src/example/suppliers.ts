/** The example company's supplier directory: an MCP server over HTTP. Run as `node suppliers.ts <folder> <port>`. */
import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { SUPPLIERS } from './company.ts'
import { portArgument, serveCountedHttp } from './serve-http.ts'
import { serverDirArgument } from './serve-stdio.ts'
import { structured } from './structured.ts'

const Supplier = z.object({
  id: z.string(),
  name: z.string(),
  contact: z.string(),
  rating: z.int(),
  iban: z.string(),
  taxId: z.string(),
  notes: z.string(),
})

serveCountedHttp(serverDirArgument(), portArgument(), () => {
  const server = new McpServer({ name: 'example-suppliers', version: '1.0.0' })
  server.registerTool(
    'query',
    {
      description: 'Look suppliers up by name, or list all.',
      inputSchema: z.object({ name: z.string().max(200).optional(), ratingMin: z.int().min(1).max(5).optional() }),
      outputSchema: z.object({ rows: z.array(Supplier) }),
      annotations: { readOnlyHint: true },
    },
    ({ name = '', ratingMin = 1 }) =>
      structured({
        rows: SUPPLIERS.filter(
          (supplier) => supplier.name.toLowerCase().includes(name.toLowerCase()) && supplier.rating >= ratingMin,
        ),
      }),
  )
  return server
})
