import { createHmac } from 'node:crypto'
import { type JsonObject, jcs } from '@sallyport/core'

/** What a decision entry says of a call's arguments: made here from the definition, not with the gateway's code. */
export function commitmentOf(args: JsonObject, commitKey: Uint8Array): string {
  return createHmac('sha256', commitKey).update(jcs(args)).digest('hex')
}
