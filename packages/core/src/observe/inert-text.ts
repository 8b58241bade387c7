import { shownText } from '../model/shown-text.ts'

/** Longest foreign text of a message, in UTF-16 units, before anything in it is shown as an escape. */
const INERT_TEXT_MAX = 80

/** What mail programs, chats and those that pass messages on to them make more than text of: `a.example`, `https:`, `@here`, `<!here>`. */
const ACTIVE = /(?<=\S)[.\u3002\uff0e\uff61](?=\p{L})|:(?=\S)|[@\uff20]|<(?=\S)/gu

/**
 * Foreign text for a message to people: one line, bounded, nothing in it hidden, and nothing that a program makes a link or a
 * mention of. Markup is left to the channel, which knows its own.
 */
export function inertText(text: string, charsMax: number = INERT_TEXT_MAX): string {
  const shown = shownText(text.slice(0, charsMax)).replace(ACTIVE, '[$&]')
  const isWhole = text.length <= charsMax && shown.length <= 2 * charsMax
  return isWhole ? shown : `${shown.slice(0, 2 * charsMax).toWellFormed()}…`
}
