/** How much one piece of content may cost. Bytes and characters (UTF-16 units) are counted over all files in it together. */
export interface ContentLimits {
  readonly inputBytesMax: number
  /** Text kept: seen, hidden, metadata, links. */
  readonly textCharsMax: number
  /** Bytes that packed files may grow to. */
  readonly unpackedBytesMax: number
  /** How many times its packed size a file may grow to, beyond the first `RATIO_FREE_BYTES`. */
  readonly ratioMax: number
  /** Files within archives, packages and mails. */
  readonly filesMax: number
  /** How deep files within files are opened. */
  readonly depthMax: number
  readonly pagesMax: number
}

export const CONTENT_LIMITS: ContentLimits = {
  inputBytesMax: 16 * 1_048_576,
  textCharsMax: 4 * 1_048_576,
  unpackedBytesMax: 64 * 1_048_576,
  ratioMax: 200,
  filesMax: 1_000,
  depthMax: 2,
  pagesMax: 1_000,
}

/** A file of this many bytes may be packed as well as it likes. */
const RATIO_FREE_BYTES = 262_144

/** What is left of the limits while one piece of content is read. */
export interface Budget {
  readonly limits: ContentLimits
  /** How many of `chars` may still be kept. */
  takeChars(chars: number): number
  /** The most bytes that `packedBytes` may grow to now. */
  unpackMax(packedBytes: number): number
  /** Counts bytes that were unpacked. */
  takeUnpacked(bytes: number): void
  /** Whether one more file may be opened. */
  takeFile(): boolean
}

export function openBudget(limits: ContentLimits): Budget {
  let chars = limits.textCharsMax
  let unpacked = limits.unpackedBytesMax
  let files = limits.filesMax
  return {
    limits,
    takeChars: (wanted) => {
      const given = Math.min(wanted, chars)
      chars -= given
      return given
    },
    unpackMax: (packedBytes) => Math.min(unpacked, RATIO_FREE_BYTES + packedBytes * limits.ratioMax),
    takeUnpacked: (bytes) => {
      unpacked -= bytes
    },
    takeFile: () => --files >= 0,
  }
}
