/** A line with fewer words than this says too little to compare. */
const WORDS_MIN = 4
/** Share of the words of a line that the page must have. */
const SHARE_MIN = 0.5
/** Most of a page that is looked at, in UTF-16 units. */
const CHARS_MAX = 1_048_576

/** Lines of a mail's text part whose words its page does not have. Addresses are left out: pages hide them behind words. */
export function unsaid(text: string, html: string): string {
  const said = new Set(wordsOf(withoutTags(html.slice(0, CHARS_MAX))))
  const lines = text.slice(0, CHARS_MAX).split('\n')
  return lines
    .filter((line) => {
      const words = wordsOf(line.replace(/https?:\/\/[^\s>)]{1,2048}/g, ' '))
      return words.length >= WORDS_MIN && words.filter((word) => said.has(word)).length < words.length * SHARE_MIN
    })
    .join('\n')
}

function wordsOf(text: string): readonly string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]{2,64}/gu) ?? []
  )
}

/** A page without its tags, styles and scripts; roughly, for comparing words. One pass. */
function withoutTags(html: string): string {
  let text = ''
  let at = 0
  while (at < html.length) {
    const tag = html.indexOf('<', at)
    if (tag < 0) return text + decoded(html.slice(at))
    text += `${decoded(html.slice(at, tag))} `
    const name = /^<(style|script)\b/i.exec(html.slice(tag, tag + 8))?.[1]
    const end = name === undefined ? html.indexOf('>', tag) : indexOfClosing(html, name, tag)
    if (end < 0) return text
    at = end + 1
  }
  return text
}

/** The `>` of the closing tag, in either case. */
function indexOfClosing(html: string, name: string, from: number): number {
  const lower = html.indexOf(`</${name.toLowerCase()}`, from)
  const upper = html.indexOf(`</${name.toUpperCase()}`, from)
  const at = lower < 0 ? upper : upper < 0 ? lower : Math.min(lower, upper)
  return at < 0 ? -1 : html.indexOf('>', at)
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ', apos: "'" }

function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,6})|([a-z]{2,6}));/g, (whole, number, name) =>
    typeof number === 'string' ? String.fromCharCode(Number(number)) : (ENTITIES[String(name)] ?? whole),
  )
}
