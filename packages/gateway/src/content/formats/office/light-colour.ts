/** The darkest part of a colour that still disappears on white paper. */
const LIGHT_MIN = 0xf0

/** Whether a colour, as six hexadecimal digits with or without transparency in front, is as good as white. */
export function isLight(colour: string): boolean {
  const digits = /^[0-9a-fA-F]{6,8}$/.test(colour) ? colour.slice(-6) : ''
  return digits !== '' && [0, 2, 4].every((at) => Number.parseInt(digits.slice(at, at + 2), 16) >= LIGHT_MIN)
}
