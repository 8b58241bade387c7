/** Type of what a placeholder stands for, the code of the finding: `payment_card`, `email_address`. */
export const PLACEHOLDER_TYPE_CHARS_MAX = 32
/** Longest value that is sealed, in UTF-16 units: an address of 254 fits. A longer one is masked and cannot come back. */
export const SEALED_VALUE_CHARS_MAX = 256
/** Shortest sealed value, in base64url characters: 12 bytes of nonce, 16 of tag and 2 of content. */
export const SEALED_CHARS_MIN = 40
/** Longest, in the same: 28 bytes, 256 UTF-16 units of up to three bytes each, and 134 bytes for classes. */
export const SEALED_CHARS_MAX = 1_240

/**
 * The text that stands for a value: `[[payment_card:EXAMPLE…]]`. ASCII, so that no encoding changes it; brackets, because models
 * keep what looks like a slot in a form, JSON and the path and query of a URL carry them as they are, and Markdown gives a double
 * bracket no meaning; base64url, which needs no escape anywhere. The type tells the model what it is handling.
 */
export function placeholderText(type: string, sealed: string): string {
  return `[[${typeName(type)}:${sealed}]]`
}

/** The text that stands for a value that cannot come back: `[payment_card]`. For records, logs, and what is too long to seal. */
export function maskText(type: string): string {
  return `[${typeName(type)}]`
}

/** A type as placeholders can carry it: lower-case letters, digits and `_`, a letter first. Anything else is `redacted`. */
export function typeName(type: string): string {
  const name = type.toLowerCase().replaceAll('-', '_')
  return name.length <= PLACEHOLDER_TYPE_CHARS_MAX && /^[a-z][a-z0-9_]*$/.test(name) ? name : 'redacted'
}
