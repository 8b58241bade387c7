/** Detectors of instructions planted for an agent: their high findings are injections. The others report data, formats and ways out. */
export const INJECTION_DETECTORS: ReadonlySet<string> = new Set([
  'ngram',
  'transformer',
  'role-reassignment',
  'boundary-markers',
  'instruction-override',
  'tool-imperatives',
  'exfiltration-requests',
  'encoded-instructions',
  'tool-poisoning',
  'schema-smuggling',
])
