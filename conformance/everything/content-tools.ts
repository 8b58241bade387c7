import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { fromJsonSchema, type CallToolResult, type McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { PNG_BASE64, WAV_BASE64 } from './samples.ts'

/** Pause between two notifications of one call; the scenarios want them spread over time. */
const STEP_MS = 50
/** The schema that the scenario `json-schema-2020-12` compares with, keyword by keyword. */
const schema2020 = z
  .record(z.string(), z.json())
  .parse(JSON.parse(readFileSync(new URL('schema-2020-12.json', import.meta.url), 'utf8')))

/** Tools that only answer: every kind of content, errors, log messages, progress, schema keywords. */
export function registerContentTools(server: McpServer): void {
  registerAnswers(server)
  registerNotifying(server)
  registerSchemas(server)
}

function registerAnswers(server: McpServer): void {
  const answers: Record<string, CallToolResult['content']> = {
    test_simple_text: [text('This is a simple text response for testing.')],
    test_image_content: [{ type: 'image', data: PNG_BASE64, mimeType: 'image/png' }],
    test_audio_content: [{ type: 'audio', data: WAV_BASE64, mimeType: 'audio/wav' }],
    test_embedded_resource: [
      {
        type: 'resource',
        resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'This is an embedded resource content.' },
      },
    ],
    test_multiple_content_types: [
      text('Multiple content types test:'),
      { type: 'image', data: PNG_BASE64, mimeType: 'image/png' },
      {
        type: 'resource',
        resource: {
          uri: 'test://mixed-content-resource',
          mimeType: 'application/json',
          text: JSON.stringify({ test: 'data', value: 123 }),
        },
      },
    ],
    test_streaming_elicitation: [text('nothing was asked')],
  }
  for (const [name, content] of Object.entries(answers)) {
    server.registerTool(
      name,
      { description: `Returns fixed content: ${content.map((block) => block.type).join(', ')}` },
      async () => ({ content }),
    )
  }
  server.registerTool('test_error_handling', { description: 'Always fails' }, async () => {
    throw new Error('This tool intentionally returns an error for testing')
  })
}

function registerNotifying(server: McpServer): void {
  server.registerTool(
    'test_logging_tool',
    { description: 'Sends one log message', inputSchema: z.object({}) },
    async (_args, context) => {
      await context.mcpReq.log('info', 'test_logging_tool ran')
      return { content: [text('logged')] }
    },
  )
  server.registerTool(
    'test_tool_with_logging',
    { description: 'Sends three log messages', inputSchema: z.object({}) },
    async (_args, context) => {
      for (const line of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
        await context.mcpReq.log('info', line)
        await wait(STEP_MS)
      }
      return { content: [text('logged three times')] }
    },
  )
  server.registerTool(
    'test_tool_with_progress',
    { description: 'Reports progress three times', inputSchema: z.object({}) },
    async (_args, context) => {
      const progressToken = context.mcpReq._meta?.progressToken
      for (const progress of [0, 50, 100]) {
        if (progressToken !== undefined) {
          await context.mcpReq.notify({
            method: 'notifications/progress',
            params: { progressToken, progress, total: 100, message: `${progress} of 100` },
          })
        }
        await wait(STEP_MS)
      }
      return { content: [text(String(progressToken ?? 'no progress token'))] }
    },
  )
}

function registerSchemas(server: McpServer): void {
  const region = { type: 'string', description: 'Mirrored into Mcp-Param-Region', 'x-mcp-header': 'Region' }
  server.registerTool(
    'test_x_mcp_header',
    {
      description: 'Has an argument that is mirrored into a header',
      inputSchema: fromJsonSchema<{ region?: string }>({ type: 'object', properties: { region, level: { type: 'integer' } } }),
    },
    async (args) => ({ content: [text(`region=${args.region ?? 'none'}`)] }),
  )
  server.registerTool(
    'json_schema_2020_12_tool',
    { description: 'Has a schema with keywords of JSON Schema 2020-12', inputSchema: fromJsonSchema(schema2020) },
    async (args) => ({ content: [text(JSON.stringify(args))] }),
  )
}

function text(line: string): { type: 'text'; text: string } {
  return { type: 'text', text: line }
}
