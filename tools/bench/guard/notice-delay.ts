import { type AgentClient, send } from '../../../packages/gateway/src/fixtures/agent-client.ts'
import { govern, reads } from '../../../packages/gateway/src/fixtures/govern.ts'
import {
  openEvents,
  type ReceivedCall,
  startRecordingServer,
  text,
  tool,
} from '../../../packages/gateway/src/fixtures/recording-server.ts'

const WORDS = 'Reading page one of the report, which has nine pages.'

/** Milliseconds from a server's notice to the client that waits for it, straight and through a gateway; medians. */
export async function noticeDelay(calls: number): Promise<Record<string, number>> {
  let saidMs = 0
  const talk = ({ params, message, response }: ReceivedCall): undefined => {
    const say = openEvents(response)
    const meta = params['_meta'] as { progressToken?: string }
    saidMs = performance.now()
    say({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken: meta.progressToken ?? '', progress: 1, message: WORDS },
    })
    say({ jsonrpc: '2.0', id: message['id'] ?? null, result: { resultType: 'complete', ...text('done') } })
    response.end()
    return undefined
  }
  const talking = tool('talk', talk)
  const server = await startRecordingServer({ tools: [talking] })
  const governed = await govern({
    servers: { web: { transport: 'http', url: server.url, source: { channel: 'web', classes: [] } } },
    reviewed: { web: [[talking.definition, 'read']] },
    agents: {
      clerk: {
        tasks: { work: { tools: reads('web.talk') } },
        manifest: { defaults: { rateLimit: { callsMax: 100_000, windowMs: 60_000 } } },
      },
    },
  })
  try {
    const straight = await median((onText) => straightCall(server.url, onText))
    const client: AgentClient = governed.client('clerk', 'work')
    const through = await median((onText) => client.call('web__talk', {}, { meta: { progressToken: 'p' }, onText }))
    return {
      noticeDirectMs: straight,
      noticeThroughGatewayMs: through,
      noticeAddedMs: Math.round((through - straight) * 1_000) / 1_000,
    }
  } finally {
    await governed.close()
    await server.close()
  }

  async function median(call: (onText: (words: string) => void) => Promise<unknown>): Promise<number> {
    const found: number[] = []
    for (let i = 0; i < calls; i++) {
      let heardMs = 0
      await call((words) => {
        if (heardMs === 0 && words.includes(WORDS)) heardMs = performance.now()
      })
      found.push(heardMs - saidMs)
    }
    return Math.round((found.toSorted((a, b) => a - b)[Math.floor(found.length / 2)] ?? 0) * 1_000) / 1_000
  }
}

async function straightCall(url: string, onText: (words: string) => void): Promise<void> {
  const body = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'talk', arguments: {}, _meta: { progressToken: 'p' } },
  }
  await send(url, { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), onText })
}
