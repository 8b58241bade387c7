/** SHA-256 of the shipped models, lower-case hex: a gateway does not start on any other. Written by hand after training. */
export const MODEL_HASHES = {
  'guard-ngram.bin': '1b08058f7a22e01bab81da6979a2d17c49169a6929bd5f170bbbb747409d0c1d',
} as const

/** Day each was trained: a model is due for training again a quarter later (R070). */
export const MODEL_TRAINED: Readonly<Record<keyof typeof MODEL_HASHES, string>> = {
  'guard-ngram.bin': '2026-11-26',
}
export type ModelFile = keyof typeof MODEL_HASHES
