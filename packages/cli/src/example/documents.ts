/** The example company's documents: an MCP server over HTTP on a folder. Run as `node documents.ts <folder> <port>`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { McpServer, ResourceNotFoundError, ResourceTemplate, completable } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { DEPARTMENTS } from './company.ts'
import { portArgument, serveCountedHttp } from './serve-http.ts'
import { serverDirArgument } from './serve-stdio.ts'
import { structured } from './structured.ts'

const FOLDERS = ['policies', 'suppliers'] as const
const DOCUMENTS_MAX = 100
const EXCERPT_LENGTH = 120

const serverDir = serverDirArgument()

serveCountedHttp(serverDir, portArgument(), () => {
  const server = new McpServer({ name: 'example-documents', version: '1.0.0' })
  registerTools(server)
  registerPolicies(server)
  return server
})

function registerTools(server: McpServer): void {
  server.registerTool(
    'search',
    {
      description: 'Find documents that contain a text.',
      inputSchema: z.object({ text: z.string().min(1).max(200) }),
      outputSchema: z.object({ rows: z.array(z.object({ id: z.string(), excerpt: z.string() })) }),
      annotations: { readOnlyHint: true },
    },
    ({ text }) => {
      const found = documentIds().map((id) => ({ id, body: read(id) ?? '' }))
      const rows = found
        .filter(({ body }) => body.toLowerCase().includes(text.toLowerCase()))
        .map(({ id, body }) => ({ id, excerpt: body.slice(0, EXCERPT_LENGTH) }))
      return structured({ rows })
    },
  )
  server.registerTool(
    'read',
    {
      description: 'Read one document by the id that search gives.',
      inputSchema: z.object({ id: z.string().max(200) }),
      outputSchema: z.object({ id: z.string(), text: z.string() }),
      annotations: { readOnlyHint: true },
    },
    ({ id }) => {
      const text = read(id)
      if (text === undefined) throw new Error('no such document')
      return structured({ id, text })
    },
  )
}

function registerPolicies(server: McpServer): void {
  const names = () => documentIds().flatMap((id) => (id.startsWith('policies/') ? [id.slice('policies/'.length)] : []))
  server.registerResource(
    'policy',
    new ResourceTemplate('docs://policies/{name}', {
      list: () => ({ resources: names().map((name) => ({ uri: `docs://policies/${name}`, name, mimeType: 'text/markdown' })) }),
      complete: { name: (value) => names().filter((name) => name.startsWith(value)) },
    }),
    { description: 'A policy of the company', mimeType: 'text/markdown' },
    (uri, { name }) => {
      const text = read(`policies/${String(name)}`)
      if (text === undefined) throw new ResourceNotFoundError(uri.href)
      return { contents: [{ uri: uri.href, mimeType: 'text/markdown', text }] }
    },
  )
  server.registerPrompt(
    'reconcile',
    {
      description: 'Instructions for reconciling the received orders of one department.',
      argsSchema: z.object({
        department: completable(z.enum(DEPARTMENTS), (value) => DEPARTMENTS.filter((name) => name.startsWith(value ?? ''))),
      }),
    },
    ({ department }) => ({
      messages: [
        {
          role: 'user',
          content: { type: 'text', text: `Reconcile the received purchase orders of ${department} by the purchasing policy.` },
        },
      ],
    }),
  )
}

function documentIds(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(serverDir, 'files', folder)).flatMap((name) =>
      name.endsWith('.md') ? [`${folder}/${name.slice(0, -3)}`] : [],
    ),
  )
    .sort()
    .slice(0, DOCUMENTS_MAX)
}

/** Only ids the folder itself lists: no path that a caller made up is ever opened. */
function read(id: string): string | undefined {
  return documentIds().includes(id) ? readFileSync(join(serverDir, 'files', `${id}.md`), 'utf8') : undefined
}
