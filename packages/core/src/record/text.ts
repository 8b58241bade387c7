/** Strict UTF-8 to text; `undefined` for anything that is not well-formed UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  let text = ''
  for (let start = 0; start < bytes.length; start += CHUNK) text += String.fromCharCode(...bytes.subarray(start, start + CHUNK))
  if (bytes.every((byte) => byte < 0x80)) return text
  try {
    // ECMAScript's own strict decoder (ECMA-262, Decode): rejects overlong forms, surrogates and stray bytes.
    return decodeURIComponent(
      text.replaceAll(/[%\u0080-\u00ff]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`),
    )
  } catch {
    return undefined
  }
}

/** Arguments of one call; engines take far more. */
const CHUNK = 4_096
