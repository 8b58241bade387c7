import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A loopback forwarder that puts the agent's credential on every request and changes nothing else: the suite has no option
 * for a header. Where `Host` and `Origin` name the forwarder they name the gateway afterwards, as they would without it; any
 * other value is passed on for the gateway to judge.
 */
export async function addCredential(url: string, key: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const target = new URL(url)
  const server = createServer((request, response) => forward(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${port}${target.pathname}`, close }

  function forward(request: IncomingMessage, response: ServerResponse): void {
    const headers = request.rawHeaders.map((text, index) =>
      index % 2 === 1 && names(request.rawHeaders[index - 1]) ? toTarget(text) : text,
    )
    const { method, url: path } = request
    const upstream = send({
      host: target.hostname,
      port: target.port,
      method,
      path,
      setHost: false,
      headers: [...headers, 'Authorization', `Bearer ${key}`],
    })
    upstream.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      response.flushHeaders()
      answer.pipe(response)
      answer.once('error', () => response.destroy())
    })
    upstream.once('error', () => response.destroy())
    response.once('close', () => upstream.destroy())
    request.pipe(upstream)
  }

  function toTarget(text: string): string {
    return /^(?:http:\/\/)?(?:localhost|127\.0\.0\.1|\[::1\]):\d+$/.test(text) && text.endsWith(`:${port}`)
      ? text.replace(/\d+$/, target.port)
      : text
  }
}

function names(header: string | undefined): boolean {
  return header !== undefined && /^(?:host|origin)$/i.test(header)
}
