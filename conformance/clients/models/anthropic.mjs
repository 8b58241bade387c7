import Anthropic from '@anthropic-ai/sdk'
import { key, report, TURNS_MAX, url, use } from './agent.mjs'

const api = new Anthropic({ apiKey: key, baseURL: url, maxRetries: 0 })

async function run({ prompt, tools, stream, model = 'claude', signal, onCall }) {
  const messages = [{ role: 'user', content: prompt }]
  const own = tools.map(({ name, description, schema }) => ({ name, description, input_schema: schema }))
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const asked = { model, max_tokens: 100, messages, ...(tools.length > 0 ? { tools: own } : {}) }
    const { content } = stream
      ? await api.messages.stream(asked, { signal }).finalMessage()
      : await api.messages.create(asked, { signal })
    const calls = content.filter(({ type }) => type === 'tool_use')
    if (calls.length === 0) return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
    const results = []
    for (const { id, name, input } of calls)
      results.push({ type: 'tool_result', tool_use_id: id, content: await use(tools, { name, args: input, onCall }) })
    messages.push({ role: 'assistant', content }, { role: 'user', content: results })
  }
}

const messages = [{ role: 'user', content: 'What is the capital of France?' }]
await report(run, {
  models: async () => (await api.models.list()).data.map(({ id }) => id).join(' '),
  tokens: async () => String((await api.messages.countTokens({ model: 'claude', messages })).input_tokens),
})
