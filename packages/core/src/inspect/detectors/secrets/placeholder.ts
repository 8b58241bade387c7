/** What people write where a secret belongs: documented examples, words that say so, and fillers. Lower case. */
const WORDS = [
  'example',
  'placeholder',
  'your_',
  'your-',
  'yourkey',
  'yourtoken',
  'your_api',
  'changeme',
  'change_me',
  'change-me',
  'redacted',
  'dummy',
  'fake',
  'sample',
  'notreal',
  'not-a-real',
  'replace',
  'insert',
  'secret_here',
  'key_here',
  'token_here',
  'xxxx',
  '....',
  '****',
  '0000000',
  '1111111',
  '12345678',
  'abcdefgh',
  'aaaaaaa',
  'deadbeef',
] as const

/** Units looked at. */
const UNITS_MAX = 256

/** Whether a value stands for a secret rather than being one. */
export function isPlaceholder(value: string): boolean {
  const low = value.slice(0, UNITS_MAX).toLowerCase()
  if (WORDS.some((word) => low.includes(word))) return true
  return new Set(low).size < Math.min(6, low.length)
}
