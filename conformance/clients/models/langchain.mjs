import { HumanMessage, ToolMessage } from '@langchain/core/messages'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { key, report, TURNS_MAX, url, use } from './agent.mjs'

const settings = { apiKey: key, maxRetries: 0, configuration: { baseURL: `${url}/v1` } }

async function run({ prompt, tools, stream, model = 'default', signal, onCall }) {
  const plain = new ChatOpenAI({ model, ...settings })
  const functions = tools.map(({ name, description, schema }) => ({
    type: 'function',
    function: { name, description, parameters: schema },
  }))
  const chat = tools.length > 0 ? plain.bindTools(functions) : plain
  const messages = [new HumanMessage(prompt)]
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    let answer
    if (stream) for await (const chunk of await chat.stream(messages, { signal })) answer = answer ? answer.concat(chunk) : chunk
    else answer = await chat.invoke(messages, { signal })
    if (!answer.tool_calls?.length) return answer.text
    messages.push(answer)
    for (const { id, name, args } of answer.tool_calls)
      messages.push(new ToolMessage({ tool_call_id: id, content: await use(tools, { name, args, onCall }) }))
  }
}

await report(run, {
  embeddings: async () => (await new OpenAIEmbeddings({ model: 'default', ...settings }).embedQuery('Paris')).join(' '),
})
