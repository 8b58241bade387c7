import { readFileSync, statSync } from 'node:fs'
import { GatewayError } from '@sallyport/core'

/** Reads a file somebody was handed. @throws GatewayError `REQUEST_PARAMS` when it is missing or larger than `bytesMax` */
export function readText(file: string, bytesMax: number): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile() || stat.size > bytesMax)
    throw new GatewayError('REQUEST_PARAMS', `${file}: not a file of at most ${bytesMax} bytes`)
  return readFileSync(file, 'utf8')
}
