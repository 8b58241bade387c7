import { readFileSync, statSync, type Stats } from 'node:fs'
import { GatewayError } from '@sallyport/core'

/** What a path leads to; `undefined` when it leads nowhere, for whatever reason. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

/** Reads a file somebody was handed. @throws GatewayError `REQUEST_PARAMS` when it is missing or larger than `bytesMax` */
export function readText(file: string, bytesMax: number): string {
  const stat = statOf(file)
  if (stat === undefined || !stat.isFile() || stat.size > bytesMax)
    throw new GatewayError('REQUEST_PARAMS', `${file}: not a file of at most ${bytesMax} bytes`)
  return readFileSync(file, 'utf8')
}
