import type { McpServer } from '@modelcontextprotocol/server'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import { countMessage } from './calls.ts'

/** Serves one example server over this process's stdin and stdout, in both protocol eras, counting what arrives. */
export function serveCountedStdio(serverDir: string, create: () => McpServer): void {
  const transport = new StdioServerTransport()
  serveStdio(create, { transport })
  const deliver = transport.onmessage
  if (deliver === undefined) throw new Error('the transport has no receiver to count in front of')
  transport.onmessage = (message) => {
    countMessage(serverDir, message)
    deliver(message)
  }
}

/** The server's own folder, which the command line names. */
export function serverDirArgument(): string {
  const dir = process.argv[2]
  if (dir === undefined) throw new Error('usage: <script> <folder of the server> [port]')
  return dir
}
