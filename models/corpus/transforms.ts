import type { Chance } from './random.ts'

const LEET: Readonly<Record<string, string>> = { a: '4', e: '3', i: '1', o: '0', s: '5', t: '7' }

/** Careless or shouted spellings that keep the meaning; applied to attacks and to ordinary text alike. */
export function careless(text: string, random: Chance): string {
  switch (random.below(8)) {
    case 0:
      return text.toUpperCase()
    case 1:
    case 2:
      return text.toLowerCase()
    case 3:
      return text.replaceAll(/[.,!?;:'"]/g, '')
    case 4:
      return text.replaceAll(/[aeiost]/g, (letter) => (random.maybe(0.6) ? (LEET[letter] ?? letter) : letter))
    case 5:
      return text.replaceAll(/\p{L}+/gu, (word) => (word.length > 3 && random.maybe(0.3) ? typo(word, random) : word))
    case 6:
      return text.replaceAll(' ', random.maybe(0.5) ? '  ' : '\n')
    default:
      return text.replaceAll(/\p{L}/gu, (letter) => (random.maybe(0.5) ? letter.toUpperCase() : letter.toLowerCase()))
  }
}

function typo(word: string, random: Chance): string {
  const i = 1 + random.below(word.length - 2)
  const kind = random.below(3)
  if (kind === 0) return word.slice(0, i) + word.slice(i + 1)
  if (kind === 1) return `${word.slice(0, i)}${word[i + 1] ?? ''}${word[i] ?? ''}${word.slice(i + 2)}`
  return `${word.slice(0, i)}${word[i] ?? ''}${word.slice(i)}`
}
