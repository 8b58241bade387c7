import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool } from '@openai/agents'
import OpenAI from 'openai'
import { key, report, TURNS_MAX, url, use } from './agent.mjs'

setTracingDisabled(true)
const openAIClient = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 })
const runner = new Runner({ modelProvider: new OpenAIProvider({ openAIClient, useResponses: true }) })

async function run({ prompt, tools, stream, model = 'default', signal, onCall }) {
  const own = tools.map(({ name, description, schema }) =>
    tool({ name, description, parameters: schema, strict: true, execute: (args) => use(tools, { name, args, onCall }) }),
  )
  const agent = new Agent({ name: 'agent', model, tools: own })
  const running = await runner.run(agent, prompt, { stream, maxTurns: TURNS_MAX, signal })
  if (stream) {
    for await (const _ of running);
    await running.completed
    if (running.error) throw running.error
    if (signal?.aborted) throw new Error('aborted')
  }
  return running.finalOutput
}

await report(run)
