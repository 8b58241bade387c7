import { GatewayError, STATE_CHANGES_MAX, STATE_VALUE_BYTES_MAX, type StateChange } from '@sallyport/core'

/** Most characters in the key of a stored record. */
export const KEY_CHARS_MAX = 1_024

/**
 * The value of every change as JSON text, `null` for a deletion; what every state store checks before it begins.
 * @throws GatewayError `STORE_UNAVAILABLE` beyond the limits of one commit.
 */
export function encodeChanges(changes: readonly StateChange[]): string[] {
  if (changes.length > STATE_CHANGES_MAX)
    throw new GatewayError('STORE_UNAVAILABLE', `more than ${STATE_CHANGES_MAX} changes in one commit`)
  return changes.map(encode)
}

function encode(change: StateChange): string {
  if (change.key.length > KEY_CHARS_MAX) throw new GatewayError('STORE_UNAVAILABLE', 'a key of the state is too long')
  if (change.op === 'delete') return 'null'
  const text = JSON.stringify(change.value)
  if (Buffer.byteLength(text) > STATE_VALUE_BYTES_MAX)
    throw new GatewayError('STORE_UNAVAILABLE', `a value is over ${STATE_VALUE_BYTES_MAX} bytes`)
  return text
}
