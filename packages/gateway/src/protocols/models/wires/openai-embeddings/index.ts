import type { JsonObject } from '@sallyport/core'
import { openaiDialect } from '../../dialect.ts'
import { memberOf, modelName, paramsOf, tokensOf, unknownMembers, wholeUsage } from '../../read-members.ts'
import { defineWire } from '../../wire.ts'

const KNOWN: ReadonlySet<string> = new Set(['model', 'input', 'dimensions', 'encoding_format', 'user'])

/** OpenAI embeddings: texts go out as a user's, vectors come back and are not looked into. */
export const openaiEmbeddings = defineWire({
  id: 'openai-embeddings',
  kind: 'model.embed',
  path: '/v1/embeddings',
  upstreamPath: '/embeddings',
  dialect: openaiDialect,
  decode(body) {
    return {
      model: modelName(body),
      streams: false,
      turns: [],
      places: body['input'] === undefined ? [] : [{ at: ['input'], channel: 'user' }],
      features: [...unknownMembers(body, KNOWN), ...(isTokens(body) ? ['token_input'] : [])],
      bound: { answers: 0 },
      params: paramsOf(body, ['dimensions', 'encoding_format']),
    }
  },
  said: (answer) => ({
    text: '',
    calls: [],
    ...(typeof answer['model'] === 'string' ? { model: answer['model'] } : {}),
    ...wholeUsage(
      tokensOf({ input: memberOf(answer['usage'], 'prompt_tokens'), output: 0, cached: undefined, written: undefined }),
    ),
  }),
  withSystem: (body) => body,
  demoted: (body) => body,
})

/** Token numbers are text nobody here can read. */
function isTokens({ input }: JsonObject): boolean {
  return Array.isArray(input) && input.some((item) => typeof item !== 'string')
}
