const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const CHECK_UNITS = 6

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xed_b8_83_20 : value >>> 1
  return value >>> 0
})

/** CRC-32 of an ASCII text, as ISO 3309 and zlib have it. */
function crc32(text: string): number {
  let crc = 0xff_ff_ff_ff
  for (let i = 0; i < text.length; i++) crc = (crc >>> 8) ^ (TABLE[(crc ^ text.charCodeAt(i)) & 255] ?? 0)
  return (crc ^ 0xff_ff_ff_ff) >>> 0
}

/** The last six units a token of GitHub or npm has by its random part: its CRC-32 in base 62. */
export function tokenChecksum(random: string): string {
  let rest = crc32(random)
  let text = ''
  for (let i = 0; i < CHECK_UNITS; i++) {
    text = (BASE62[rest % 62] ?? '') + text
    rest = Math.floor(rest / 62)
  }
  return text
}

/** Whether the body of a token ends in the checksum of what stands before. */
export function hasTokenChecksum(body: string): boolean {
  return body.endsWith(tokenChecksum(body.slice(0, -CHECK_UNITS)))
}
