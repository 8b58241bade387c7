/**
 * A value with its escapes resolved.
 * @see CSS Syntax 3, section 4.3.7
 */
export function cssUnescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replaceAll(/\\(?:([0-9a-fA-F]{1,6})[ \t\n]?|(.))/g, (_, hex: string | undefined, other: string | undefined) => {
    const point = hex === undefined ? Number.NaN : Number.parseInt(hex, 16)
    return point <= 0x10_ff_ff ? String.fromCodePoint(point) : (other ?? '')
  })
}
