import type { CallToolResult } from '@modelcontextprotocol/server'

/** A tool result in both forms: structured for programs, the same as text for models. */
export function structured(output: Readonly<Record<string, unknown>>): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(output) }], structuredContent: { ...output } }
}
