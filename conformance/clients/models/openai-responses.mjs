import OpenAI from 'openai'
import { key, report, TURNS_MAX, url, use } from './agent.mjs'

const api = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 })

async function run({ prompt, tools, stream, model = 'default', signal, onCall }) {
  const input = [{ role: 'user', content: prompt }]
  const functions = tools.map(({ name, description, schema }) => ({
    type: 'function',
    name,
    description,
    parameters: schema,
    strict: true,
  }))
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const asked = { model, input, ...(tools.length > 0 ? { tools: functions } : {}) }
    const answer = stream
      ? await api.responses.stream(asked, { signal }).finalResponse()
      : await api.responses.create(asked, { signal })
    const calls = answer.output.filter(({ type }) => type === 'function_call')
    if (answer.status !== 'completed') throw new Error(`the answer is ${answer.status}`)
    if (calls.length === 0) return answer.output_text
    input.push(...answer.output)
    for (const call of calls) {
      const output = await use(tools, { name: call.name, args: JSON.parse(call.arguments), onCall })
      input.push({ type: 'function_call_output', call_id: call.call_id, output })
    }
  }
}

await report(run)
