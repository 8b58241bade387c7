import { fileURLToPath } from 'node:url'

/** Servers the gateway starts itself, and those that run on their own. */
const STDIO_SERVERS = ['erp', 'mail'] as const
export const HTTP_SERVERS = ['documents', 'suppliers'] as const
export type HttpServerId = (typeof HTTP_SERVERS)[number]
export type ExampleServerId = (typeof STDIO_SERVERS)[number] | HttpServerId

/** File in an HTTP server's folder that holds the bearer token callers must send. */
export const TOKEN_FILE = 'token'
/** What an HTTP server prints on stdout once it accepts connections. */
export const READY_LINE = 'ready'

/** Where the console listens, and where the two HTTP servers do, when nothing else does. */
export const CONSOLE_PORT = 7701
export const DEFAULT_PORTS: Readonly<Record<HttpServerId, number>> = { documents: 7711, suppliers: 7712 }

/** Arguments for Node that run one example server: from source when this file is source, from the build when it is built. */
export function serverCommand(server: ExampleServerId): string[] {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const flags = extension === 'ts' ? ['--conditions=sallyport-source'] : []
  return [...flags, '--disable-warning=ExperimentalWarning', fileURLToPath(new URL(`${server}.${extension}`, import.meta.url))]
}

/** The text of the example company's `sallyport.yaml`. JSON strings are YAML strings, whatever is in a path. */
export function companyConfig(options: {
  readonly listenPort: number
  readonly exampleDir: string
  readonly ports: Readonly<Record<HttpServerId, number>>
  /** Where people sign in with a browser; nowhere unless set. */
  readonly consolePort?: number
}): string {
  const node = JSON.stringify(process.execPath)
  const args = (server: ExampleServerId) => JSON.stringify([...serverCommand(server), `${options.exampleDir}/${server}`])
  const url = (server: HttpServerId) => `http://127.0.0.1:${options.ports[server]}/mcp`
  const headers = (server: HttpServerId) => `{ Authorization: "Bearer \${file:example/${server}/${TOKEN_FILE}}" }`
  return `# The example company. Every key is described in docs/reference/config.md.
apiVersion: sallyport/v1
listen: { host: 127.0.0.1, port: ${options.listenPort} }
${options.consolePort === undefined ? '' : `\n# Where people sign in with a browser: a process of its own.\nconsole: { port: ${options.consolePort} }\n`}
# Tool servers. The gateway starts stdio servers itself and holds the credentials of all of them; agents never see any.
# "source" says what their content is: which detectors look at it, how far it is trusted, which classes of data it may hold.
servers:
  erp:
    transport: stdio
    command: ${node}
    args: ${args('erp')}
    source: { channel: database, trust: internal, classes: [pii] }
  mail:
    transport: stdio
    command: ${node}
    args: ${args('mail')}
    source: { channel: email, classes: [pii] }
  documents:
    transport: http
    url: ${url('documents')}
    headers: ${headers('documents')}
    source: { channel: document, classes: [pii] }
  suppliers:
    transport: http
    url: ${url('suppliers')}
    headers: ${headers('suppliers')}
    source: { channel: tool, classes: [pii] }

manifests: manifests
`
}
