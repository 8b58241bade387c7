import type { ConventionsVersion } from '../../define-format.ts'

/** Names of OpenTelemetry attributes we write. They still change: everything that depends on their version is here. */
export interface Conventions {
  readonly schemaUrl: string
  readonly operation: string
  readonly executeTool: string
  readonly toolName: string
  readonly toolCallId: string
  readonly agentId: string
  readonly conversationId: string
  readonly mcpMethod: string
  readonly mcpResource: string
  readonly errorType: string
}

const COMMON = {
  operation: 'gen_ai.operation.name',
  executeTool: 'execute_tool',
  toolName: 'gen_ai.tool.name',
  toolCallId: 'gen_ai.tool.call.id',
  agentId: 'gen_ai.agent.id',
  conversationId: 'gen_ai.conversation.id',
  mcpMethod: 'mcp.method.name',
  mcpResource: 'mcp.resource.uri',
  errorType: 'error.type',
} as const

/** `1.42.0`: the GenAI conventions in their own repository. `1.36.0`: the last in the common registry. */
export const CONVENTIONS: Readonly<Record<ConventionsVersion, Conventions>> = {
  '1.42.0': { ...COMMON, schemaUrl: 'https://opentelemetry.io/schemas/gen-ai/1.42.0' },
  '1.36.0': { ...COMMON, schemaUrl: 'https://opentelemetry.io/schemas/1.36.0' },
}
