// What every model client here does with the base URL and key it is given: real libraries, unmodified. Each scenario is one
// request; what the library made of the answer is printed as one JSON line.

const [client = '', url = '', key = ''] = process.argv.slice(2)
const QUESTION = 'What is the capital of France?'
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }

/** Each takes `(prompt, { stream, tools, model })` and gives `{ text, calls: [[name, args]] }`. */
const CLIENTS = {
  async openai() {
    const { default: OpenAI } = await import('openai')
    const api = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 })
    return async (prompt, { stream = false, tools = false, model = 'default', signal } = {}) => {
      const own = tools ? { tools: [{ type: 'function', function: { name: 'weather', parameters: schema } }] } : {}
      const messages = [{ role: 'user', content: prompt }]
      if (!stream) return fromChat((await api.chat.completions.create({ model, messages, ...own }, { signal })).choices[0].message)
      const run = api.chat.completions.stream({ model, messages, ...own }, { signal })
      return fromChat((await run.finalChatCompletion()).choices[0].message)
    }
  },
  async 'openai-responses'() {
    const { default: OpenAI } = await import('openai')
    const api = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 })
    return async (prompt, { stream = false, tools = false, model = 'default', signal } = {}) => {
      const own = tools ? { tools: [{ type: 'function', name: 'weather', parameters: schema, strict: true }] } : {}
      const asked = { model, input: prompt, ...own }
      const answer = stream
        ? await api.responses.stream(asked, { signal }).finalResponse()
        : await api.responses.create(asked, { signal })
      const calls = answer.output.filter(({ type }) => type === 'function_call').map((one) => [one.name, JSON.parse(one.arguments)])
      return { text: answer.output_text, calls }
    }
  },
  async anthropic() {
    const { default: Anthropic } = await import('@anthropic-ai/sdk')
    const api = new Anthropic({ apiKey: key, baseURL: url, maxRetries: 0 })
    return async (prompt, { stream = false, tools = false, model = 'claude', signal } = {}) => {
      const own = tools ? { tools: [{ name: 'weather', input_schema: schema }] } : {}
      const asked = { model, max_tokens: 100, messages: [{ role: 'user', content: prompt }], ...own }
      const answer = stream
        ? await api.messages.stream(asked, { signal }).finalMessage()
        : await api.messages.create(asked, { signal })
      return {
        text: answer.content
          .filter(({ type }) => type === 'text')
          .map(({ text }) => text)
          .join(''),
        calls: answer.content.filter(({ type }) => type === 'tool_use').map(({ name, input }) => [name, input]),
      }
    }
  },
  'ai-openai': () =>
    aiSdk('default', async () => (await import('@ai-sdk/openai')).createOpenAI({ apiKey: key, baseURL: `${url}/v1` }).chat),
  'ai-anthropic': () =>
    aiSdk('claude', async () => (await import('@ai-sdk/anthropic')).createAnthropic({ apiKey: key, baseURL: `${url}/v1` })),
  async langchain() {
    const { ChatOpenAI } = await import('@langchain/openai')
    return async (prompt, { stream = false, tools = false, model = 'default', signal } = {}) => {
      const plain = new ChatOpenAI({ model, apiKey: key, maxRetries: 0, configuration: { baseURL: `${url}/v1` } })
      const chat = tools ? plain.bindTools([{ type: 'function', function: { name: 'weather', parameters: schema } }]) : plain
      let answer
      if (stream) for await (const chunk of await chat.stream(prompt, { signal })) answer = answer ? answer.concat(chunk) : chunk
      else answer = await chat.invoke(prompt, { signal })
      return { text: answer.text, calls: (answer.tool_calls ?? []).map(({ name, args }) => [name, args]) }
    }
  },
  async 'openai-agents'() {
    const { Agent, OpenAIProvider, Runner, setTracingDisabled, tool } = await import('@openai/agents')
    setTracingDisabled(true)
    const runner = new Runner({ modelProvider: new OpenAIProvider({ apiKey: key, baseURL: `${url}/v1`, useResponses: true }) })
    return async (prompt, { stream = false, tools = false, model = 'default' } = {}) => {
      const calls = []
      const weather = tool({
        name: 'weather',
        description: 'The weather of a city.',
        parameters: schema,
        strict: true,
        execute: (args) => (calls.push(['weather', args]), 'sunny'),
      })
      const agent = new Agent({ name: 'a', model, ...(tools ? { tools: [weather] } : {}) })
      const run = await runner.run(agent, prompt, { stream, maxTurns: 3 })
      if (stream) await run.completed
      return { text: String(run.finalOutput ?? ''), calls }
    }
  },
}

async function aiSdk(usual, make) {
  const { generateText, jsonSchema, streamText, tool } = await import('ai')
  const provider = await make()
  return async (prompt, { stream = false, tools = false, model = usual, signal } = {}) => {
    const own = tools ? { tools: { weather: tool({ inputSchema: jsonSchema(schema) }) } } : {}
    const asked = { model: provider(model), prompt, maxRetries: 0, abortSignal: signal, ...own }
    if (!stream) return fromAi(await generateText(asked))
    let failure
    const run = streamText({ ...asked, onError: ({ error }) => (failure = error) })
    await run.consumeStream()
    if (failure) throw failure
    return fromAi({ text: await run.text, toolCalls: await run.toolCalls })
  }
}

function fromAi({ text, toolCalls }) {
  return { text, calls: toolCalls.map(({ toolName, input }) => [toolName, input]) }
}

function fromChat({ content, tool_calls: calls = [] }) {
  return { text: content ?? '', calls: (calls ?? []).map((one) => [one.function.name, JSON.parse(one.function.arguments)]) }
}

const ask = await CLIENTS[client]()
const seen = {}
async function scenario(name, run) {
  try {
    seen[name] = await run()
  } catch (error) {
    seen[name] = { threw: String(error?.message ?? error), status: error?.status ?? error?.statusCode ?? null }
  }
}
await scenario('chat', () => ask(QUESTION))
await scenario('stream', () => ask(QUESTION, { stream: true }))
await scenario('tool', () => ask('weather of Paris', { tools: true }))
await scenario('toolStream', () => ask('weather of Paris', { tools: true, stream: true }))
await scenario('parallel', () => ask('weather of Paris and Rome', { tools: true }))
await scenario('notGranted', () => ask(QUESTION, { model: 'other' }))
await scenario('secret', () => ask(`the key is ${['ghp', '16C7e42F292c6912E7710c838347Ae178B4a'].join('_')}`))
await scenario('failure', () => ask('fail'))
// The Agents SDK takes no signal for a run.
if (client !== 'openai-agents') {
  await scenario('cancel', async () => {
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 200)
    return ask('hang', { signal: abort.signal })
  })
}
process.stdout.write(`${JSON.stringify(seen)}\n`)
process.exit(0)
