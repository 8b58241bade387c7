const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
/** What the checksum must leave: Bech32 for witness version 0, Bech32m for the later ones (BIP 350). */
const BECH32 = 1
const BECH32M = 0x2bc830a3
const CHECKSUM_CHARS = 6

/** Whether a word is a segregated witness address of Bitcoin (`bc1`) or Litecoin (`ltc1`), in one case (BIP 173, BIP 350). */
export function isBech32Address(word: string): boolean {
  const lower = word.toLowerCase()
  if (word !== lower && word !== word.toUpperCase()) return false
  const at = lower.lastIndexOf('1')
  const prefix = lower.slice(0, at)
  const values = Array.from(lower.slice(at + 1), (char) => CHARSET.indexOf(char))
  const version = values[0] ?? -1
  const groups = values.length - 1 - CHECKSUM_CHARS
  if ((prefix !== 'bc' && prefix !== 'ltc') || values.includes(-1) || version > 16 || groups < 4) return false
  // The program, 5 bits a character, has 20 or 32 bytes in version 0, and 2 to 40 later.
  const bytes = Math.floor((groups * 5) / 8)
  if (version === 0 ? bytes !== 20 && bytes !== 32 : bytes > 40) return false
  const codes = Array.from(prefix, (char) => char.charCodeAt(0))
  const expanded = [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)]
  return polymod([...expanded, ...values]) === (version === 0 ? BECH32 : BECH32M)
}

function polymod(values: readonly number[]): number {
  let check = 1
  for (const value of values) {
    const top = check >>> 25
    check = ((check & 0x1ffffff) << 5) ^ value
    GENERATOR.forEach((term, bit) => {
      if ((top >> bit) & 1) check ^= term
    })
  }
  return check >>> 0
}
