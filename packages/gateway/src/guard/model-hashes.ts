/** SHA-256 of the shipped models, lower-case hex: a gateway does not start on any other. Written by hand after training. */
export const MODEL_HASHES = {
  'guard-ngram.bin': '737d6e83daf1173791e7c2ffc25b38231c528d306b4bd29ebaa01b51f0176f3f',
  'guard-transformer.json': 'f637ba644d8758e7f9896d8e42da0b97546b65c337875580005923d38e5e9d7a',
  'guard-cascade.json': '32648f63a775555913379a0045c14d2887f10c760c71fbcbf980d0d3ce0ed216',
} as const

/** Day each was trained: a model is due for training again a quarter later (R070). */
export const MODEL_TRAINED: Readonly<Record<keyof typeof MODEL_HASHES, string>> = {
  'guard-ngram.bin': '2026-11-26',
  'guard-transformer.json': '2026-11-26',
  'guard-cascade.json': '2026-11-26',
}
export type ModelFile = keyof typeof MODEL_HASHES
