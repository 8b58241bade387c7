/** The example company's mail: an MCP server over stdio with its boxes as JSON files on disk. Run as `node mail.ts <folder>`. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { serveCountedStdio, serverDirArgument } from './serve-stdio.ts'
import { structured } from './structured.ts'

const MESSAGES_MAX = 100
const Address = z.string().min(3).max(254)
const Letter = z.object({
  to: z.array(Address).min(1).max(20),
  cc: z.array(Address).max(20).optional(),
  bcc: z.array(Address).max(20).optional(),
  subject: z.string().max(200),
  body: z.string().max(20_000),
})
const Sent = z.object({ messageId: z.string() })
const Received = z.object({ id: z.string(), from: z.string(), subject: z.string(), body: z.string() })

const serverDir = serverDirArgument()
const inboxDir = join(serverDir, 'inbox')
const outboxDir = join(serverDir, 'outbox')
mkdirSync(outboxDir, { recursive: true, mode: 0o700 })

serveCountedStdio(serverDir, () => {
  const server = new McpServer({ name: 'example-mail', version: '1.0.0' })
  for (const [name, whom] of [
    ['sendInternal', 'colleagues'],
    ['sendExternal', 'anyone outside the company'],
  ] as const) {
    server.registerTool(
      name,
      {
        description: `Send mail to ${whom}.`,
        inputSchema: Letter,
        outputSchema: Sent,
        annotations: { destructiveHint: true, openWorldHint: name === 'sendExternal' },
      },
      (letter) => structured({ messageId: send({ ...letter, via: name }) }),
    )
  }
  server.registerTool(
    'listInbox',
    {
      description: 'List received mail.',
      outputSchema: z.object({ rows: z.array(Received) }),
      annotations: { readOnlyHint: true },
    },
    () => structured({ rows: inbox() }),
  )
  return server
})

/** The server does not check recipients: that is the gateway's job here, and the outbox shows whether it did it. */
function send(letter: Readonly<Record<string, unknown>>): string {
  const messageId = randomUUID()
  const file = join(outboxDir, `${messageId}.json`)
  writeFileSync(`${file}.part`, JSON.stringify({ messageId, ...letter }), { mode: 0o600 })
  renameSync(`${file}.part`, file)
  return messageId
}

function inbox(): z.infer<typeof Received>[] {
  const files = readdirSync(inboxDir).filter((name) => name.endsWith('.json'))
  return files
    .sort()
    .slice(0, MESSAGES_MAX)
    .map((name) => Received.parse(JSON.parse(readFileSync(join(inboxDir, name), 'utf8'))))
}
