/**
 * One form for texts that say the same: Unicode NFKC, lower case, without characters nobody sees, one blank for any space, and
 * numbers without marks between thousands (`1,810.00` → `1810.00`).
 */
export function normalText(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\p{Cf}\p{Mn}]+/gu, '')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/(?<=\d)[,'’ ](?=\d{3}(?!\d))/g, '')
}

/** Letters and digits alone: how accounts, cards and telephone numbers are compared, however they are grouped. */
export function compactText(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, '')
}
