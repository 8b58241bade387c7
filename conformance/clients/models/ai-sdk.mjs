import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { embed, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import { clientName, key, report, TURNS_MAX, url, use } from './agent.mjs'

const settings = { apiKey: key, baseURL: `${url}/v1` }
const openai = createOpenAI(settings)
const [provider, usual] = {
  'ai-openai': [openai.chat, 'default'],
  'ai-openai-responses': [openai.responses, 'default'],
  'ai-anthropic': [createAnthropic(settings), 'claude'],
}[clientName]

async function run({ prompt, tools, stream, model = usual, signal, onCall }) {
  const own = tools.map(({ name, description, schema }) => [
    name,
    tool({ description, inputSchema: jsonSchema(schema), execute: (args) => use(tools, { name, args, onCall }) }),
  ])
  const asked = {
    model: provider(model),
    prompt,
    maxRetries: 0,
    abortSignal: signal,
    stopWhen: stepCountIs(TURNS_MAX),
    // As the SDK says for those who may not leave state at the provider.
    ...(clientName === 'ai-openai-responses' ? { providerOptions: { openai: { store: false } } } : {}),
    ...(own.length > 0 ? { tools: Object.fromEntries(own) } : {}),
  }
  if (!stream) return (await generateText(asked)).text
  let failure
  const running = streamText({
    ...asked,
    onError: ({ error }) => (failure = error),
    onAbort: () => (failure = new Error('aborted')),
  })
  await running.consumeStream()
  if (failure) throw failure
  return running.text
}

await report(
  run,
  clientName === 'ai-openai'
    ? { embeddings: async () => (await embed({ model: openai.embedding('default'), value: 'Paris' })).embedding.join(' ') }
    : {},
)
