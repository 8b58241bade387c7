import type { KeyObject } from 'node:crypto'
import { mergeNotes, signCheckpoint, type Checkpoint } from '@sallyport/core'
import { rawPublicKey, signEd25519 } from './ed25519.ts'

/** A checkpoint as one note, signed with each Ed25519 key. */
export async function signByAll(checkpoint: Checkpoint, privateKeys: readonly KeyObject[]): Promise<string> {
  const notes = await Promise.all(
    privateKeys.map((privateKey) =>
      signCheckpoint(checkpoint, { name: checkpoint.origin, publicKey: rawPublicKey(privateKey) }, (bytes) =>
        signEd25519(bytes, privateKey),
      ),
    ),
  )
  return mergeNotes(notes) ?? ''
}
