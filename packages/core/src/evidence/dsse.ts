import { z } from 'zod'
import { fromBase64, toBase64, utf8 } from '../model/bytes.ts'
import { isSignedBy, noteKeyId, type NoteKey } from '../record/note.ts'

/** An envelope for a signed text. @see DSSE v1.0, https://github.com/secure-systems-lab/dsse */
export const Envelope = z.strictObject({
  payloadType: z.string().max(200),
  payload: z.base64(),
  signatures: z
    .array(z.strictObject({ keyid: z.string().max(200), sig: z.base64().max(200) }))
    .min(1)
    .max(16),
})
export type Envelope = z.infer<typeof Envelope>

/**
 * What is signed: type and payload with their lengths, so that neither can pass for the other. Begins with `DSSEv1 `, which no
 * checkpoint of a log does, so one key may sign both.
 */
function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const head = utf8(`DSSEv1 ${utf8(payloadType).length} ${payloadType} ${payload.length} `)
  const bytes = new Uint8Array(head.length + payload.length)
  bytes.set(head)
  bytes.set(payload, head.length)
  return bytes
}

/** @param sign Ed25519 over the bytes given; the private key stays with the caller. */
export async function seal(
  { payloadType, payload }: { readonly payloadType: string; readonly payload: Uint8Array },
  key: NoteKey,
  sign: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): Promise<Envelope> {
  const sig = toBase64(await sign(preAuthEncoding(payloadType, payload)))
  return { payloadType, payload: toBase64(payload), signatures: [{ keyid: noteKeyId(key), sig }] }
}

/** The payload, when one of the keys signed it; else what is wrong. */
export function openEnvelope(
  { payloadType, payload, signatures }: Envelope,
  keys: readonly NoteKey[],
): { readonly payload: Uint8Array } | { readonly fault: 'malformed' | 'unsigned_by_trusted' | 'signature_wrong' } {
  const bytes = fromBase64(payload)
  if (!bytes) return { fault: 'malformed' }
  const signed = preAuthEncoding(payloadType, bytes)
  let fault: 'unsigned_by_trusted' | 'signature_wrong' = 'unsigned_by_trusted'
  for (const { keyid, sig } of signatures) {
    const signature = fromBase64(sig)
    for (const key of keys.filter((one) => noteKeyId(one) === keyid)) {
      if (signature && isSignedBy(key, signed, signature)) return { payload: bytes }
      fault = 'signature_wrong'
    }
  }
  return { fault }
}
