import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  type CallToolResult,
  type InputRequests,
  type InputRequiredResult,
  type McpServer,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { z } from 'zod'

/** What a round of a call left behind for the next one. */
export interface RoundState extends Record<string, unknown> {
  readonly tool: string
  readonly round: number
}

type Answer = CallToolResult | InputRequiredResult

/**
 * Tools that need something from the person or the model behind the client. They ask in the form of revision 2026-07-28;
 * the SDK turns that into requests to the client where the connection is of 2025.
 */
export function registerAskingTools(server: McpServer, codec: RequestStateCodec<RoundState>): void {
  registerForms(server)
  registerSingleQuestions(server)
  registerRounds(server, codec)
  registerByCapability(server)
}

/** A form with one required text field. */
function ask(message: string, field: string): InputRequests[string] {
  return inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties: { [field]: { type: 'string' } }, required: [field] },
  })
}

function confirm(): InputRequests[string] {
  const requestedSchema = { type: 'object' as const, properties: { ok: { type: 'boolean' as const } }, required: ['ok'] }
  return inputRequired.elicit({ message: 'Please confirm', requestedSchema })
}

function sample(line: string, maxTokens: number): InputRequests[string] {
  return inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: line } }], maxTokens })
}

function text(line: string): CallToolResult {
  return { content: [{ type: 'text', text: line }] }
}

function answerOf(context: ServerContext, key: string): unknown {
  return context.mcpReq.inputResponses?.[key]
}

function sampledText(context: ServerContext, key: string): string | undefined {
  return Sampled.safeParse(answerOf(context, key)).data?.content.text
}

const Sampled = z.looseObject({ content: z.looseObject({ text: z.string() }) })
const Elicited = z.looseObject({ action: z.string(), content: z.record(z.string(), z.unknown()).optional() })
const Envelope = z.looseObject({
  [CLIENT_CAPABILITIES_META_KEY]: z.looseObject({ elicitation: z.unknown(), sampling: z.unknown(), roots: z.unknown() }).partial(),
})
const Roots = z.looseObject({ roots: z.array(z.looseObject({ uri: z.string() })) })

function registerForms(server: McpServer): void {
  server.registerTool(
    'test_sampling',
    { description: 'Asks the model of the client', inputSchema: z.object({ prompt: z.string() }) },
    async ({ prompt }, context): Promise<Answer> => {
      const reply = sampledText(context, 'reply')
      return reply === undefined ? inputRequired({ inputRequests: { reply: sample(prompt, 100) } }) : text(`LLM response: ${reply}`)
    },
  )
  const forms = {
    test_elicitation: USER_FORM,
    test_elicitation_sep1034_defaults: DEFAULTS_FORM,
    test_elicitation_sep1330_enums: ENUMS_FORM,
  }
  for (const [name, requestedSchema] of Object.entries(forms)) {
    server.registerTool(
      name,
      {
        description: 'Asks the person behind the client to fill in a form',
        inputSchema: z.object({ message: z.string().optional() }),
      },
      async ({ message = 'Please fill in the form' }, context): Promise<Answer> => {
        const reply = Elicited.safeParse(answerOf(context, 'form')).data
        if (!reply) return inputRequired({ inputRequests: { form: inputRequired.elicit({ message, requestedSchema }) } })
        return text(`User response: action=${reply.action}, content=${JSON.stringify(reply.content ?? {})}`)
      },
    )
  }
}

const USER_FORM = {
  type: 'object' as const,
  properties: {
    username: { type: 'string' as const, description: "User's response" },
    email: { type: 'string' as const, description: "User's email address" },
  },
  required: ['username', 'email'],
}

const DEFAULTS_FORM = {
  type: 'object' as const,
  properties: {
    name: { type: 'string' as const, default: 'John Doe' },
    age: { type: 'integer' as const, default: 30 },
    score: { type: 'number' as const, default: 95.5 },
    status: { type: 'string' as const, enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean' as const, default: true },
  },
}

const OPTIONS = ['option1', 'option2', 'option3']

function titled(kind: 'Option' | 'Choice'): { const: string; title: string }[] {
  return ['First', 'Second', 'Third'].map((word, index) => ({ const: `value${index + 1}`, title: `${word} ${kind}` }))
}

const ENUMS_FORM = {
  type: 'object' as const,
  properties: {
    untitledSingle: { type: 'string' as const, enum: OPTIONS },
    titledSingle: { type: 'string' as const, oneOf: titled('Option') },
    legacyEnum: {
      type: 'string' as const,
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: { type: 'array' as const, items: { type: 'string' as const, enum: OPTIONS } },
    titledMulti: { type: 'array' as const, items: { anyOf: titled('Choice') } },
  },
}

function registerSingleQuestions(server: McpServer): void {
  const noArguments = z.object({})
  server.registerTool(
    'test_missing_capability',
    { description: 'Needs sampling', inputSchema: noArguments },
    async (_args, context): Promise<Answer> => {
      if (answerOf(context, 'word') === undefined) return inputRequired({ inputRequests: { word: sample('Say one word', 16) } })
      return text('sampling was available')
    },
  )
  server.registerTool(
    'test_input_required_result_elicitation',
    { description: 'Asks for a name', inputSchema: noArguments },
    async (_args, context): Promise<Answer> => {
      const name = acceptedContent(context.mcpReq.inputResponses, 'user_name')?.['name']
      if (typeof name !== 'string') return inputRequired({ inputRequests: { user_name: ask('What is your name?', 'name') } })
      return text(`Hello, ${name}!`)
    },
  )
  server.registerTool(
    'test_input_required_result_sampling',
    { description: 'Asks the model one question', inputSchema: noArguments },
    async (_args, context): Promise<Answer> => {
      const reply = sampledText(context, 'capital_question')
      if (reply === undefined)
        return inputRequired({ inputRequests: { capital_question: sample('What is the capital of France?', 100) } })
      return text(`The model says: ${reply}`)
    },
  )
  server.registerTool(
    'test_input_required_result_list_roots',
    { description: 'Asks for the roots', inputSchema: noArguments },
    async (_args, context): Promise<Answer> => {
      const roots = Roots.safeParse(answerOf(context, 'client_roots')).data?.roots
      if (!roots) return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } })
      return text(`Roots: ${roots.map((root) => root.uri).join(', ')}`)
    },
  )
}

function registerRounds(server: McpServer, codec: RequestStateCodec<RoundState>): void {
  const noArguments = z.object({})
  const mint = (tool: string, round: number, more: Record<string, unknown> = {}): Promise<string> =>
    codec.mint({ tool, round, ...more })
  for (const [tool, reply] of [
    ['test_input_required_result_request_state', 'state-ok'],
    ['test_input_required_result_tampered_state', 'state-ok'],
  ] as const) {
    server.registerTool(
      tool,
      { description: 'Needs the state of its first round back, unchanged', inputSchema: noArguments },
      async (_args, context): Promise<Answer> => {
        const state = context.mcpReq.requestState<RoundState>()
        const confirmed = acceptedContent(context.mcpReq.inputResponses, 'confirm') !== undefined
        if (confirmed && state?.tool === tool) return text(reply)
        return inputRequired({ inputRequests: { confirm: confirm() }, requestState: await mint(tool, 1) })
      },
    )
  }
  server.registerTool(
    'test_input_required_result_multiple_inputs',
    { description: 'Asks three questions at once', inputSchema: noArguments },
    async (_args, context): Promise<Answer> => {
      const name = acceptedContent(context.mcpReq.inputResponses, 'user_name')?.['name']
      const greeting = sampledText(context, 'greeting')
      const roots = Roots.safeParse(answerOf(context, 'client_roots')).data?.roots
      if (typeof name === 'string' && greeting !== undefined && roots)
        return text(`${greeting} ${name}, with ${roots.length} roots`)
      const inputRequests = {
        user_name: ask('What is your name?', 'name'),
        greeting: sample('Generate a greeting', 50),
        client_roots: inputRequired.listRoots(),
      }
      return inputRequired({ inputRequests, requestState: await mint('multiple_inputs', 1) })
    },
  )
  server.registerTool(
    'test_input_required_result_multi_round',
    { description: 'Asks twice, one after the other', inputSchema: noArguments },
    async (_args, context): Promise<Answer> => {
      const state = context.mcpReq.requestState<RoundState>()
      const name = acceptedContent(context.mcpReq.inputResponses, 'step1')?.['name']
      const color = acceptedContent(context.mcpReq.inputResponses, 'step2')?.['color']
      if (state?.round === 2 && typeof color === 'string') return text(`${String(state['name'])} likes ${color}`)
      if (state?.round === 1 && typeof name === 'string') {
        const step2 = ask('Step 2: What is your favorite color?', 'color')
        return inputRequired({ inputRequests: { step2 }, requestState: await mint('multi_round', 2, { name }) })
      }
      return inputRequired({
        inputRequests: { step1: ask('Step 1: What is your name?', 'name') },
        requestState: await mint('multi_round', 1),
      })
    },
  )
}

function registerByCapability(server: McpServer): void {
  server.registerTool(
    'test_input_required_result_capabilities',
    { description: 'Asks only what the client can answer', inputSchema: z.object({}) },
    async (_args, context): Promise<Answer> => {
      if (context.mcpReq.inputResponses) return text('answered')
      const declared = Envelope.safeParse(context.mcpReq.envelope).data?.[CLIENT_CAPABILITIES_META_KEY]
      const inputRequests: InputRequests = {
        ...(declared?.elicitation !== undefined && { user_name: ask('What is your name?', 'name') }),
        ...(declared?.sampling !== undefined && { greeting: sample('Generate a greeting', 50) }),
        ...(declared?.roots !== undefined && { client_roots: inputRequired.listRoots() }),
      }
      return Object.keys(inputRequests).length === 0 ? text('nothing to ask') : inputRequired({ inputRequests })
    },
  )
}
