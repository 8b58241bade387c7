import {
  acceptedContent,
  inputRequired,
  ResourceTemplate,
  type GetPromptResult,
  type InputRequiredResult,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import { PNG_BASE64 } from './samples.ts'

/** Two fixed resources, one to watch, and one template. */
export function registerResources(server: McpServer): void {
  const fixed = {
    'static-text': { mimeType: 'text/plain', text: 'This is the content of the static text resource.' },
    'static-binary': { mimeType: 'image/png', blob: PNG_BASE64 },
    'watched-resource': { mimeType: 'text/plain', text: 'Nothing has changed yet.' },
  }
  for (const [name, content] of Object.entries(fixed)) {
    const uri = `test://${name}`
    server.registerResource(
      name,
      uri,
      { description: `Fixed content: ${content.mimeType}`, mimeType: content.mimeType },
      async () => ({ contents: [{ uri, ...content }] }),
    )
  }
  server.registerResource(
    'template',
    new ResourceTemplate('test://template/{id}/data', { list: undefined }),
    { description: 'One document for every id', mimeType: 'application/json' },
    async (uri, { id }) => ({
      contents: [
        {
          uri: uri.toString(),
          mimeType: 'application/json',
          text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }),
        },
      ],
    }),
  )
  // A subscription ends with its session, so there is nothing to keep: no scenario changes a resource.
  server.server.setRequestHandler('resources/subscribe', async () => ({}))
  server.server.setRequestHandler('resources/unsubscribe', async () => ({}))
}

/** Prompts with and without arguments, with every kind of content, and one that asks the person first. */
export function registerPrompts(server: McpServer): void {
  server.registerPrompt('test_simple_prompt', { description: 'A fixed text' }, async () => ({
    messages: [user('This is a simple prompt for testing.')],
  }))
  server.registerPrompt(
    'test_prompt_with_arguments',
    { description: 'A text with two arguments in it', argsSchema: z.object({ arg1: z.string(), arg2: z.string() }) },
    async ({ arg1, arg2 }) => ({ messages: [user(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)] }),
  )
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'A resource and a text', argsSchema: z.object({ resourceUri: z.string() }) },
    async ({ resourceUri: uri }) => ({
      messages: [
        {
          role: 'user',
          content: { type: 'resource', resource: { uri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' } },
        },
        user('Please process the embedded resource above.'),
      ],
    }),
  )
  server.registerPrompt('test_prompt_with_image', { description: 'An image and a text' }, async () => ({
    messages: [
      { role: 'user', content: { type: 'image', data: PNG_BASE64, mimeType: 'image/png' } },
      user('Please analyze the image above.'),
    ],
  }))
  server.registerPrompt(
    'test_input_required_result_prompt',
    { description: 'Asks for a context first', argsSchema: z.object({}) },
    async (_args: unknown, context: ServerContext): Promise<GetPromptResult | InputRequiredResult> => {
      const given = acceptedContent(context.mcpReq.inputResponses, 'user_context')?.['context']
      if (typeof given === 'string') return { messages: [user(`Use this context: ${given}`)] }
      const requestedSchema = {
        type: 'object' as const,
        properties: { context: { type: 'string' as const } },
        required: ['context'],
      }
      return inputRequired({
        inputRequests: { user_context: inputRequired.elicit({ message: 'What context should the prompt use?', requestedSchema }) },
      })
    },
  )
  server.server.setRequestHandler('completion/complete', async ({ params }) => {
    const values = ['paris', 'park', 'party'].filter((word) => word.startsWith(params.argument.value))
    return { completion: { values, total: values.length, hasMore: false } }
  })
}

function user(line: string): GetPromptResult['messages'][number] {
  return { role: 'user', content: { type: 'text', text: line } }
}
