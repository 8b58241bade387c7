/** SHA-256 of the shipped models, lower-case hex: a gateway does not start on any other. Written by hand after training. */
export const MODEL_HASHES = {
  'guard-ngram.bin': 'a9b7da14f994687730852bbeba8b7955656b2b3f3b6d3d87c2dc5aa0fd98d74d',
} as const

/** Day each was trained: a model is due for training again a quarter later (R070). */
export const MODEL_TRAINED: Readonly<Record<keyof typeof MODEL_HASHES, string>> = {
  'guard-ngram.bin': '2026-11-26',
}
export type ModelFile = keyof typeof MODEL_HASHES
