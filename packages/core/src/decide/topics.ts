import type { Json } from '../model/json.ts'

/** The path of the first text that is about something else; `undefined` when there is none. */
export type TopicRule = (value: Json) => string | undefined

/** Shorter texts are names, subjects, codes: they say too little to judge by. */
const TEXT_CHARS_MIN = 80

/**
 * What a task is about (R080): a text is on its topic when a word in it, or a run of words, begins with one of `topics`, whatever
 * the case, width or accents of compatibility. Linear in the text; no meaning is read into it, so list the words the task's own texts use.
 */
export function compileTopics(topics: readonly string[]): TopicRule {
  const wanted = topics.map((topic) => words(topic).trim()).map((topic) => (UNSPACED.test(topic) ? topic : ` ${topic}`))
  return (value) =>
    firstOff(value, '', (text) => {
      const said = words(` ${text}`)
      return wanted.some((topic) => said.includes(topic))
    })
}

/** Scripts that put no blank between words: there a topic may begin anywhere. */
const UNSPACED =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u

function firstOff(value: Json | undefined, path: string, isOn: (text: string) => boolean): string | undefined {
  if (typeof value === 'string') return value.length < TEXT_CHARS_MIN || isOn(value) ? undefined : path
  if (typeof value !== 'object' || value === null) return undefined
  for (const [name, member] of Object.entries(value)) {
    const off = firstOff(member, `${path}/${name}`, isOn)
    if (off !== undefined) return off
  }
  return undefined
}

/** Letters and digits, with one blank in place of everything between. */
function words(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, ' ')
}
