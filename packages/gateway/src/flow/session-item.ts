import { createSecretKey, randomBytes } from 'node:crypto'
import { GatewayError, INTEGRITY_LEVELS, jcs, type Json, ORIGINS } from '@sallyport/core'
import { z } from 'zod'
import { committer } from '../committer.ts'
import { nodeAead } from '../node-aead.ts'

const NONCE_BYTES = 12

const Text = z.object({
  origin: z.enum(ORIGINS),
  source: z.string().optional(),
  integrity: z.enum(INTEGRITY_LEVELS),
  /** Of the source, as the operator describes it; and all that were seen besides. */
  classes: z.array(z.string()),
  seen: z.array(z.string()),
  text: z.string(),
  /** Of a structured result: the field of each value at the end of the text, and how long the value is. */
  fields: z.array(z.tuple([z.string(), z.int().min(0)])).optional(),
  entry: z.int().optional(),
})
export type RememberedText = z.infer<typeof Text>

const Item = z.object({
  texts: z.array(Text).optional(),
  calls: z.array(z.object({ name: z.string(), args: z.string(), entry: z.int().optional() })).optional(),
  delivered: z.array(z.string()).optional(),
  /** The session begins anew with this item: nothing up to a place counts any more. */
  anew: z.object({ upTo: z.int() }).optional(),
})
/** One thing remembered of a session. */
export type Item = z.infer<typeof Item>

/** What sessions hold, as their store sees it. */
export interface SessionSeal {
  /** Names a session in the store, so that it tells nothing of agent or session. */
  name(agent: string, session: string): string
  /** AES-256-GCM: `nonce ‖ ciphertext ‖ tag`, bound to the session's name. A random nonce is safe for 2^32 items under one key. */
  seal(session: string, item: Item): Uint8Array
  /** @throws GatewayError `STORE_UNAVAILABLE` for an item that was changed, moved to another session, or sealed under another key */
  open(session: string, sealed: Uint8Array): Item
}

/** @param bytes 32 bytes, used for nothing else. */
export function sessionSeal(bytes: Uint8Array): SessionSeal {
  const commit = committer(bytes)
  const key = createSecretKey(bytes)
  return {
    name: (agent, session) => commit(jcs(['sallyport/v1/session', agent, session])).commitment,
    seal(session, item) {
      const nonce = randomBytes(NONCE_BYTES)
      const plain = Buffer.from(JSON.stringify(item), 'utf8')
      return Buffer.concat([nonce, nodeAead.seal(key, nonce, { plain, aad: Buffer.from(session) })])
    },
    open(session, sealed) {
      const nonce = sealed.subarray(0, NONCE_BYTES)
      const plain = nodeAead.open(key, nonce, { sealed: sealed.subarray(NONCE_BYTES), aad: Buffer.from(session) })
      const read = plain && Item.safeParse(JSON.parse(Buffer.from(plain).toString('utf8')) as Json)
      if (!read?.success) throw new GatewayError('STORE_UNAVAILABLE', 'what a session holds was changed outside the gateway')
      return read.data
    },
  }
}
