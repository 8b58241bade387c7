import OpenAI from 'openai'
import { key, report, TURNS_MAX, url, use } from './agent.mjs'

const api = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 })

async function run({ prompt, tools, stream, model = 'default', signal, onCall }) {
  const messages = [{ role: 'user', content: prompt }]
  const functions = tools.map(({ name, description, schema }) => ({
    type: 'function',
    function: { name, description, parameters: schema },
  }))
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const asked = { model, messages, ...(tools.length > 0 ? { tools: functions } : {}) }
    const answer = stream
      ? await api.chat.completions.stream(asked, { signal }).finalChatCompletion()
      : await api.chat.completions.create(asked, { signal })
    const [{ message }] = answer.choices
    if (!message.tool_calls?.length) return message.content
    messages.push(message)
    for (const call of message.tool_calls) {
      const content = await use(tools, { name: call.function.name, args: JSON.parse(call.function.arguments), onCall })
      messages.push({ role: 'tool', tool_call_id: call.id, content })
    }
  }
}

await report(run, {
  models: async () => (await api.models.list()).data.map(({ id }) => id).join(' '),
  embeddings: async () => (await api.embeddings.create({ model: 'default', input: 'Paris' })).data[0].embedding.join(' '),
})
