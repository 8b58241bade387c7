import { type FormatList, type FormatStage, STREAMINGS, type TextFormat } from '../../text-format.ts'

/**
 * Every place of MCP where text of a server reaches an agent, or text of an agent or a person a server. A member that is added to
 * what the gateway passes on belongs in here; what it does not pass on is `own-words`.
 */
export const mcp = {
  pairings: ['modern', 'legacy', 'modern>legacy', 'legacy>modern'],
  formats: [
    ...incoming('result', [
      'tool-text', 'tool-structured', 'tool-structured-name', 'tool-embedded-text', 'tool-embedded-html', 'tool-embedded-pdf',
      'tool-link-title', 'tool-link-description', 'tool-image-metadata', 'tool-audio-metadata', 'tool-block-annotation', 'tool-error-text',
      'resource-text', 'resource-blob', 'prompt-message', 'prompt-resource', 'prompt-description', 'completion-value',
    ]),
    ...incoming('list', [
      'prompts-description', 'prompts-title', 'prompts-argument', 'resources-description', 'resources-title', 'templates-description',
    ]),
    ...incoming('question', ['elicitation-message', 'elicitation-schema', 'sampling-message', 'sampling-system']),
    ...streamed('notice', ['progress-message', 'progress-split', 'log-text', 'log-split', 'log-value', 'log-logger']),
    // What a server says here stays here: errors are reworded, and members the protocol does not name are left out.
    ...incoming('own-words', ['rpc-error', 'capability-error', 'server-instructions', 'unnamed-member']),
    ...streamed('own-words', ['progress-member']),
    ...outgoing('definition', ['tool-description', 'tool-parameter']).map((one) => ({ ...one, direction: 'in' as const, channel: 'definition' as const })),
    ...outgoing('arguments', [
      'argument-string', 'argument-nested', 'argument-name', 'argument-number', 'argument-split', 'prompt-argument', 'resource-uri',
      'completion-argument', 'completion-context',
    ]),
    ...outgoing('answer', ['elicitation-answer', 'sampling-answer']),
    // Words of an agent beside the arguments go to no server.
    ...outgoing('own-words', ['trace-state', 'log-level', 'progress-token', 'client-capability', 'client-name', 'reference-member']),
  ],
} as const satisfies FormatList // prettier-ignore

function incoming<Id extends string>(stage: FormatStage, ids: readonly Id[]): readonly Named<Id>[] {
  return ids.map((id) => ({ id, direction: 'in', stage, streaming: STREAMINGS }))
}

function streamed<Id extends string>(stage: FormatStage, ids: readonly Id[]): readonly Named<Id>[] {
  return ids.map((id) => ({ id, direction: 'in', stage, streaming: ['sse'] }))
}

function outgoing<Id extends string>(stage: FormatStage, ids: readonly Id[]): readonly Named<Id>[] {
  const channel = stage === 'answer' ? 'user' : 'arguments'
  return ids.map((id) => ({ id, direction: 'out', stage, channel, streaming: ['json'] }))
}

type Named<Id extends string> = TextFormat & { readonly id: Id }
