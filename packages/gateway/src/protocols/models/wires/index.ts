import type { ProviderConfig } from '../../../config-providers.ts'
import type { Wire } from '../wire.ts'
import { anthropicCount, anthropicMessages } from './anthropic-messages/index.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiEmbeddings } from './openai-embeddings/index.ts'
import { openaiResponses } from './openai-responses/index.ts'

/** Every wire agents may speak. */
export const WIRES: readonly Wire[] = [openaiChat, openaiResponses, openaiEmbeddings, anthropicMessages, anthropicCount]

const OPENAI = [openaiChat.id, openaiResponses.id, openaiEmbeddings.id]

/** Wires of agents by the kind of provider that speaks them too. */
export const WIRES_OF: Readonly<Record<ProviderConfig['kind'], readonly string[]>> = {
  openai: OPENAI,
  'azure-openai': OPENAI,
  'openai-compatible': OPENAI,
  anthropic: [anthropicMessages.id, anthropicCount.id],
  gemini: [],
  bedrock: [],
}

/** Wires of agents that are translated into that of any provider. */
export const TRANSLATED: readonly string[] = [openaiChat.id, openaiResponses.id, anthropicMessages.id]
