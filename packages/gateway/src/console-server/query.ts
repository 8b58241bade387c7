import { GatewayError, parseJson, type Json } from '@sallyport/core'

/** A query string as the input of a verb: each value read as the schema of its member wants it. @throws GatewayError `REQUEST_PARAMS` */
export function inputOfQuery(search: URLSearchParams, properties: Readonly<Record<string, Record<string, unknown>>>): Json {
  return Object.fromEntries(
    [...new Set(search.keys())].map((name): [string, Json] => {
      const values = search.getAll(name)
      const type = Object.hasOwn(properties, name) ? properties[name]?.['type'] : undefined
      if (type === 'array') return [name, values]
      if (values.length > 1) throw new GatewayError('REQUEST_PARAMS', 'a parameter is there twice')
      return [name, read(values[0] ?? '', type)]
    }),
  )
}

function read(text: string, type: unknown): Json {
  if (type === 'integer' || type === 'number') return /^-?\d{1,16}(?:\.\d{1,16})?$/.test(text) ? Number(text) : text
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return type === 'object' ? parseJson(text) : text
}
