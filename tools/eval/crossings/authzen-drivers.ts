import type { Entry, JsonObject } from '@sallyport/core'
import { govern } from '../../../packages/gateway/src/fixtures/govern.ts'
import { startRecordingServer, text, tool } from '../../../packages/gateway/src/fixtures/recording-server.ts'
import type { authzen } from '../../../packages/gateway/src/protocols/authzen/formats.ts'
import type { Cell } from './cells.ts'
import type { Crossed } from './mcp-drivers.ts'
import type { Payload } from './payloads.ts'

type FormatId = (typeof authzen)['formats'][number]['id']

/** Where in a question the text stands. */
export const authzenDrivers: Readonly<Record<FormatId, (text: string) => JsonObject>> = {
  'evaluation-argument': (note) => ({ context: { arguments: { note } } }),
  'evaluation-context': (note) => ({ context: { note, arguments: {} } }),
  'evaluation-property': (note) => ({ resource: { type: 'tool', id: 'erp__act', properties: { note } } }),
}

/** A gateway with a tool server that must hear nothing. */
export interface AuthzenWorld {
  cross(cell: Cell, payload: Payload): Promise<Crossed>
  entries(): Promise<readonly Entry[]>
  close(): Promise<void>
}

export async function openAuthzenWorld(): Promise<AuthzenWorld> {
  const act = tool('act', () => text('done'))
  const server = await startRecordingServer({ tools: [act] })
  const governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: { erp: [[act.definition, 'read']] },
    agents: { clerk: { tasks: { work: { tools: { 'erp.act': { scope: 'read', tier: 'low' } } } } } },
  })
  const about = {
    subject: { type: 'agent', id: 'clerk' },
    action: { name: 'tool.call' },
    resource: { type: 'tool', id: 'erp__act' },
  }
  return {
    async cross(cell, payload) {
      const response = await fetch(`${governed.url()}/access/v1/evaluation`, {
        method: 'POST',
        headers: { authorization: `Bearer ${governed.secret('clerk', 'work')}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...about, ...authzenDrivers[cell.format.id as FormatId](payload.text) }),
      })
      const answer = await response.text()
      const received = `${answer}\n${server.requests.map(({ body }) => JSON.stringify(body ?? {})).join('\n')}`
      return { received, parts: [JSON.stringify(payload.text).slice(1, -1)], entries: [], isAnswered: response.status === 200 }
    },
    entries: () => governed.entries(),
    async close() {
      await governed.close()
      await server.close()
    },
  }
}
