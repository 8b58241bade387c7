import type { Wire } from '../wire.ts'
import { anthropicCount, anthropicMessages } from './anthropic-messages/index.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiEmbeddings } from './openai-embeddings/index.ts'
import { openaiResponses } from './openai-responses/index.ts'

/** Every wire agents may speak. */
export const WIRES: readonly Wire[] = [openaiChat, openaiResponses, openaiEmbeddings, anthropicMessages, anthropicCount]

/** Wires by the kind of provider that speaks them. */
export const WIRES_OF = {
  openai: [openaiChat.id, openaiResponses.id, openaiEmbeddings.id],
  'openai-compatible': [openaiChat.id, openaiResponses.id, openaiEmbeddings.id],
  anthropic: [anthropicMessages.id, anthropicCount.id],
} as const
