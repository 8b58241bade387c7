/** SHA-256 of the shipped models, lower-case hex: a gateway does not start on any other. Written by hand after training. */
export const MODEL_HASHES = {
  'guard-ngram.bin': 'c5288161c0b97f6d7fdfde0bb6efc93d525b3d38e4639b19678d225f3fbce5c7',
} as const
export type ModelFile = keyof typeof MODEL_HASHES
