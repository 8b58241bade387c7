/** What JSON leaves as it is although a terminal or a line reader may act on it: DEL, C1, separators, bidirectional controls. */
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** JSON in one line, without any raw control character. Members that are `undefined` are left out. */
export function jsonLine(value: object): string {
  return JSON.stringify(value).replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

// oxlint-disable-next-line no-control-regex -- finding control characters is the point
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** A text for a line of plain text: every control character becomes U+FFFD. */
export function plainText(text: string): string {
  return text.replace(CONTROL, '\ufffd')
}
