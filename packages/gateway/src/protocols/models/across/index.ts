import { Readable } from 'node:stream'
import { GatewayError, isGatewayError, isJsonObject, parseJson } from '@sallyport/core'
import type { ProviderConfig } from '../../../config-providers.ts'
import { textOf } from '../read-members.ts'
import { LOAD } from './language-model.ts'
import { untranslatable } from './members.ts'
import { type NeutralModel, Pieces, requireNoWarnings, finishOf, type Translation } from './neutral.ts'
import { poolFetch, type PoolFetchOptions } from './pool-fetch.ts'
import { anthropicMessages } from './wires/anthropic-messages.ts'
import { openaiChat } from './wires/openai-chat.ts'
import { openaiResponses } from './wires/openai-responses.ts'

/** By the wire of the agent. */
const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
}

/** An answer that begins, in the wire in which it was asked for. */
export interface AcrossAnswer {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readable
}

export interface AcrossRequest {
  readonly wire: string
  readonly body: string
  readonly signal: AbortSignal
  readonly request: PoolFetchOptions['request']
  readonly translate: PoolFetchOptions['translate']
}

/** Asks a provider that speaks another wire than the agent. */
export interface Across {
  /**
   * @returns When the answer begins: what can still go wrong before its first words has not.
   * @throws GatewayError `MODEL_UNTRANSLATABLE` by name for what cannot be said; `UPSTREAM_*`
   */
  send(request: AcrossRequest): Promise<AcrossAnswer>
}

export function openAcross(config: ProviderConfig, tooLarge: PoolFetchOptions['tooLarge']): Across {
  const { origin } = new URL(config.url)
  const leaveOut: ReadonlySet<string> = new Set(config.leaveOut)
  return { send }

  async function send({ wire, body, signal, request, translate }: AcrossRequest): Promise<AcrossAnswer> {
    const asked = parseJson(body)
    const translation = TRANSLATIONS[wire]
    if (!translation || !isJsonObject(asked)) throw new GatewayError('INTERNAL', 'a call of a wire that is not translated')
    const model = textOf(asked['model'])
    const call = { ...translation.ask(asked, leaveOut), abortSignal: signal }
    const speech = translation.speech(asked, model)
    let isAnswered = false
    const answered: AcrossRequest['request'] = async (path, init) => {
      const response = await request(path, init)
      isAnswered = true
      return response
    }
    try {
      const modelOf = await LOAD[config.kind](
        config,
        poolFetch({ request: answered, translate, origin, bytesMax: config.answerBytesMax, tooLarge }),
      )
      return asked['stream'] === true ? await streamed(modelOf(model), call, speech) : await whole(modelOf(model), call, speech)
    } catch (error) {
      const known = inOwnWords(error)
      throw isAnswered ? afterAnswer(known) : known
    }
  }
}

/** An answer that came was used, and is paid for, whatever becomes of it: what has no cause counts as a request nobody took. */
function afterAnswer(error: unknown): unknown {
  if (!isGatewayError(error) || error.cause !== undefined) return error
  const { code, message, retryAfterMs } = error
  return new GatewayError(code, message, { cause: error, ...(retryAfterMs !== undefined && { retryAfterMs }) })
}

type Call = Parameters<NeutralModel['doGenerate']>[0]
type Speech = ReturnType<Translation['speech']>

async function whole(model: NeutralModel, call: Call, speech: Speech): Promise<AcrossAnswer> {
  const result = await model.doGenerate(call)
  requireNoWarnings(result.warnings, call)
  const pieces = new Pieces(call)
  for (const content of result.content) for (const piece of pieces.whole(content)) speech.say(piece)
  speech.say({ type: 'finish', finish: finishOf(result) })
  return { headers: { 'content-type': 'application/json' }, body: Readable.from([Buffer.from(JSON.stringify(speech.whole()))]) }
}

async function streamed(model: NeutralModel, call: Call, speech: Speech): Promise<AcrossAnswer> {
  const { stream } = await model.doStream(call)
  const pieces = new Pieces(call)
  const parts = stream[Symbol.asyncIterator]()
  const next = async (): Promise<string | undefined> => {
    for (;;) {
      const part = await parts.next()
      if (part.done) return undefined
      const text = pieces
        .of(part.value)
        .map((piece) => speech.say(piece))
        .join('')
      if (text !== '') return text
    }
  }
  // A provider that breaks off before its first words can still be replaced by another.
  const first = await next()
  if (first === undefined) throw new GatewayError('UPSTREAM_MALFORMED', 'the provider said nothing')
  const body = Readable.from(rest(first, next))
  body.once('close', () => void parts.return?.().catch(() => undefined))
  return { headers: { 'content-type': 'text/event-stream' }, body }
}

async function* rest(first: string, next: () => Promise<string | undefined>): AsyncGenerator<Buffer> {
  try {
    for (let text: string | undefined = first; text !== undefined; text = await next()) yield Buffer.from(text)
  } catch (error) {
    throw inOwnWords(error)
  }
}

/** What packages throw, with nothing of the provider's. */
function inOwnWords(error: unknown): unknown {
  for (let each = error; each instanceof Error; each = each.cause) if (isGatewayError(each)) return each
  if (!(error instanceof Error) || error.name === 'AbortError') return error
  if (error.name === 'AI_UnsupportedFunctionalityError' && 'functionality' in error)
    return untranslatable(String(error.functionality))
  if (error.name.startsWith('AI_'))
    return new GatewayError('UPSTREAM_MALFORMED', 'the provider’s answer cannot be read', { cause: error })
  return error
}
