import { isJsonObject, type Json, type JsonObject, parseJson } from '@sallyport/core'
import { Members, untranslatable } from './members.ts'
import type { NeutralCall, NeutralMessage } from './neutral.ts'

type Tool = Extract<NonNullable<NeutralCall['tools']>[number], { type: 'function' }>
type FilePart = Extract<Extract<NeutralMessage, { role: 'user' }>['content'][number], { type: 'file' }>

/** The agent's own tools: name, description and the schema of the arguments, under the name that the wire has for it. */
export function toolsOf(tools: readonly { readonly of: Members; readonly schema: string }[]): Tool[] {
  return tools.map(({ of, schema }) => {
    const [name, description, strict] = [of.text('name'), of.text('description'), of.take('strict')]
    const inputSchema = of.take(schema) ?? { type: 'object', properties: {} }
    if (name === undefined || !isJsonObject(inputSchema)) throw untranslatable(of.at(schema))
    of.end()
    return {
      type: 'function',
      name,
      inputSchema: inputSchema as Tool['inputSchema'],
      ...(description !== undefined && { description }),
      ...(typeof strict === 'boolean' && !of.isLeftOut('strict') && { strict }),
    }
  })
}

/**
 * Which tools a model may or must call, as OpenAI's wires say it.
 * @param nameOf The name of the one tool that must be called.
 */
export function openaiChoice(members: Members, nameOf: (named: Members) => string | undefined): Pick<NeutralCall, 'toolChoice'> {
  const choice = members.take('tool_choice')
  if (choice === undefined) return {}
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { toolChoice: { type: choice } }
  const named = new Members(choice, members.at('tool_choice'), new Set())
  named.only('type', 'function')
  const toolName = nameOf(named)
  named.end()
  if (toolName === undefined) throw untranslatable(members.at('tool_choice'))
  return { toolChoice: { type: 'tool', toolName } }
}

/** What OpenAI's wires may say of a stream. @param known What the caller reads itself. */
export function streamOptions(members: Members, ...known: readonly string[]): void {
  const options = members.inner('stream_options')
  options?.only('include_obfuscation', false)
  for (const name of known) options?.take(name)
  options?.end()
}

/** Words at which an answer ends: a list of texts, or one. */
export function stopsOf(members: Members, name: string): Pick<NeutralCall, 'stopSequences'> {
  const value = members.take(name) ?? []
  const list = typeof value === 'string' ? [value] : value
  if (!Array.isArray(list) || list.some((each) => typeof each !== 'string')) throw untranslatable(members.at(name))
  return list.length === 0 ? {} : { stopSequences: list as string[] }
}

/** An answer that follows a schema. */
export function schemaFormat(given: Members): Pick<NeutralCall, 'responseFormat'> {
  const [name, description, schema] = [given.text('name'), given.text('description'), given.take('schema')]
  given.only('strict', true, false)
  given.end()
  if (!isJsonObject(schema)) throw untranslatable(given.at('schema'))
  return {
    responseFormat: {
      type: 'json',
      schema: schema as Tool['inputSchema'],
      ...(name !== undefined && { name }),
      ...(description !== undefined && { description }),
    },
  }
}

/** Arguments as a value; a provider of another wire takes nothing else. */
export function argumentsOf(text: string | undefined, path: string): JsonObject {
  let value: Json
  try {
    value = text === undefined || text === '' ? {} : parseJson(text)
  } catch {
    throw untranslatable(path)
  }
  if (!isJsonObject(value)) throw untranslatable(path)
  return value
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+);base64,([A-Za-z0-9+/]*={0,2})$/

/** What is attached comes with the request: nobody fetches an address that an agent names. */
export function dataUrl(url: string | undefined, path: string): FilePart {
  const [, mediaType, data] = DATA_URL.exec(url ?? '') ?? []
  if (mediaType === undefined || data === undefined) throw untranslatable(path)
  return filePart(mediaType, data)
}

/** @param data Base64. */
export function filePart(mediaType: string, data: string): FilePart {
  return { type: 'file', mediaType, data: { type: 'data', data } }
}

/** Unix seconds; wires say when an answer was made. */
export function nowS(): number {
  return Math.floor(Date.now() / 1_000)
}
