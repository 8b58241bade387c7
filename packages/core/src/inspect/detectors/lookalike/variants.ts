/** Words that an imitation puts before or behind a name to look newer, safer or more official. */
const TRIMMINGS = new Set(
  'v1 v2 v3 v4 v5 new newer latest updated fixed patched improved enhanced better safe safer secure secured official real original true trusted verified pro plus premium fast next legacy alt copy proxy wrapper 2 3 ii'.split(
    ' ',
  ),
)
/** Shortest name compared letter by letter; in shorter ones a slip often makes another word. */
const TYPO_CHARS_MIN = 7

/** Whether a name is another one with such a word added: `send-email-v2`, `secure_send_email`. */
export function isVariant(name: string, other: string): boolean {
  const [longer, shorter] = [parts(name), parts(other)]
  if (shorter.length < 2 && (shorter[0] ?? '').length < TYPO_CHARS_MIN) return false
  const added = longer.length - shorter.length
  if (added < 1 || added > 2) return false
  for (let shift = 0; shift <= added; shift++) {
    const isSame = shorter.every((part, index) => part === longer[index + shift])
    const rest = [...longer.slice(0, shift), ...longer.slice(shift + shorter.length)]
    if (isSame && rest.every((part) => TRIMMINGS.has(part))) return true
  }
  return false
}

/**
 * Whether one name is the other with a slip that the eye passes over: two neighbouring letters swapped inside a word, or a letter
 * doubled or lost from a pair. A letter replaced or added makes too many other words (`get_date`, `set_date`; `order`, `orders`).
 */
export function isTypo(name: string, other: string): boolean {
  if (name === other || Math.min(name.length, other.length) < TYPO_CHARS_MIN) return false
  let start = 0
  while (start < name.length && name[start] === other[start]) start++
  if (name.length === other.length)
    return name[start] === other[start + 1] && name[start + 1] === other[start] && name.slice(start + 2) === other.slice(start + 2)
  const [longer, shorter] = name.length > other.length ? [name, other] : [other, name]
  return (
    longer.length === shorter.length + 1 && longer[start] === longer[start - 1] && longer.slice(start + 1) === shorter.slice(start)
  )
}

/** The words of a name. */
function parts(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Za-z])(\d)$/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '')
    .flatMap((part, index, all) => (part === 'v' && /^\d$/.test(all[index + 1] ?? '') ? [] : [part]))
}
