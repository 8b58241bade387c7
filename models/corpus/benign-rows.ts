import { BENIGN_EXTRA, BENIGN_SLOTS, TWINS } from './benign.ts'
import { LANGUAGES } from './languages.ts'
import { LETTERS, LETTER_SLOTS } from './letters.ts'
import { PLAY, PLAY_SLOTS } from './play.ts'
import { fill, type Chance, type Slots } from './random.ts'
import { record } from './records.ts'
import type { Row } from './rows.ts'
import { careless } from './transforms.ts'
import { UDHR_SEEN, udhrHalf } from './udhr.ts'

type Part = 'train' | 'dev'
export const TEXT_SLOTS: Slots = { ...BENIGN_SLOTS, ...BENIGN_EXTRA, ...LETTER_SLOTS, ...PLAY_SLOTS }
/** Free text that a tool result may hold, in harmless cases. */
export const FREE_TEXT: readonly string[] = [
  ...(TWINS.content['mail'] ?? []),
  ...(TWINS.content['web'] ?? []),
  ...(TWINS.content['docs'] ?? []),
  '{topic}',
  '{word} {word}',
  '{company} {word}',
  'Meeting with {person}',
  'Lunch on {day}',
  'Rent {n}',
  '{product}',
  '',
  'No description.',
  'n/a',
  '[Great|Poor|Average] quality, [arrived|delivered] on {day}.',
  'I love it. My {device} works [well|again].',
  'Fixed the {part} in {file}.',
  'See {url}',
  ...LETTERS,
]
const BENIGN_COUNTS = {
  train: { twins: 3200, records: 5000, mails: 4000, pages: 1500, language: 320, asked: 1400, play: 2600 },
  dev: { twins: 500, records: 500, mails: 400, pages: 250, language: 40, asked: 250, play: 250 },
}

/** Every n-th template of a family is kept for development. */
export const ofPart = (templates: readonly string[], part: Part, nth = 6): string[] =>
  templates.filter((_, i) => (i % nth === nth - 1) === (part === 'dev'))
export const anyOf = (templates: readonly string[], part: Part): string[] => {
  const own = ofPart(templates, part)
  return own.length > 0 ? own : [...templates]
}

/** Harmless rows of our own: twins of attacks, tool results, mail, pages, and text in many languages. */
export function benignRows(part: Part, found: readonly Row[], random: Chance): Row[] {
  const counts = BENIGN_COUNTS[part]
  const rows: Row[] = [...twins(part, counts.twins, random), ...languageRows(part, counts.language, random)]
  const add = (text: string, channel: Row['channel'], kind: string): void =>
    void rows.push({ text, label: 0, channel, source: 'own_benign', kind, weight: 1 })
  for (let i = 0; i < counts.play; i++) add(fill(random.pick(anyOf(PLAY, part)), TEXT_SLOTS, random), 'user', 'play')
  const sentences = foundSentences(found, random)
  for (let i = 0; i < counts.records; i++) {
    const { text, domain } = record(random, TEXT_SLOTS, { free: FREE_TEXT, dev: part === 'dev', found: sentences })
    add(text, 'tool', `record_${domain}`)
  }
  for (let i = 0; i < counts.mails; i++) {
    const text = random.maybe(0.75)
      ? fill(random.pick(anyOf(LETTERS, part)), TEXT_SLOTS, random)
      : paragraphs(anyOf(TWINS.content['mail'] ?? [], part), random)
    add(text, random.maybe(0.8) ? 'email' : random.pick(['document', 'web', 'tool']), 'mail')
  }
  for (let i = 0; i < counts.pages; i++) {
    const text = paragraphs([...anyOf(TWINS.content['web'] ?? [], part), ...anyOf(TWINS.content['docs'] ?? [], part)], random)
    add(random.maybe(0.4) ? html(text, random) : text, 'web', 'page')
  }
  // A user who hands over a text with a task: the text is in the user's channel then.
  const hosts = found.filter(({ label, channel }) => label === 0 && channel !== 'user')
  for (let i = 0; i < counts.asked; i++) {
    const host = random.pick(hosts).text.slice(0, 1500)
    const ask = fill(
      random.pick([
        '[Summarise|Shorten|Explain|Proofread|Translate] [this|the following|the text below]',
        'What does this [say|mean|do]?',
        'Find the [error|date|name|main point] in this',
        'Reply to this',
        'Make [a list|a table] of this',
        '{chore}',
      ]),
      TEXT_SLOTS,
      random,
    )
    add(random.maybe(0.7) ? `${ask}:\n\n${host}` : `${host}\n\n${ask}`, 'user', 'asked')
  }
  return rows
}

/** Sentences of harmless texts of the sources, as free text for tool results. */
export function foundSentences(found: readonly Row[], random: Chance): string[] {
  const hosts = random.shuffle(
    found.filter(
      ({ label, source }) => label === 0 && ['bipia_train', 'spamassassin', 'code_docs', 'toolbench', 'udhr'].includes(source),
    ),
  )
  return hosts.slice(0, 1200).flatMap(({ text }) =>
    text
      .split(/(?<=[.!?])\s+|\n+/)
      .filter((line) => line.length > 15 && line.length < 260)
      .slice(0, 6),
  )
}

function twins(part: Part, count: number, random: Chance): Row[] {
  const rows: Row[] = []
  for (const side of ['user', 'content'] as const) {
    const families = Object.entries(TWINS[side])
    for (let i = 0; i < count / 2; i++) {
      const [family, templates] = random.pick(families)
      const text = fill(random.pick(anyOf(templates, part)), TEXT_SLOTS, random)
      const channel =
        side === 'user'
          ? 'user'
          : family === 'mail'
            ? 'email'
            : family === 'web'
              ? 'web'
              : random.pick(['document', 'web', 'tool'] as const)
      rows.push({
        text: random.maybe(0.12) ? careless(text, random) : text,
        label: 0,
        channel,
        source: 'own_twins',
        kind: `${side}_${family}`,
        weight: 1,
      })
    }
  }
  return rows
}

function languageRows(part: Part, count: number, random: Chance): Row[] {
  const rows: Row[] = []
  for (const [lang, { requests, prose, twins: harmless, slots }] of Object.entries(LANGUAGES)) {
    const all = { ...TEXT_SLOTS, ...slots }
    const line = (templates: readonly string[]): string => fill(random.pick(anyOf(templates, part)), all, random)
    const add = (text: string, channel: Row['channel'], kind: string): void =>
      void rows.push({ text, label: 0, channel, source: 'own_languages', kind, weight: 1, lang })
    for (let i = 0; i < count / 4; i++) {
      add(line(requests), 'user', 'request')
      add(line(harmless), random.pick(['user', 'document', 'web']), 'twin')
      add(
        Array.from({ length: 1 + random.below(4) }, () => line(prose)).join(' '),
        random.pick(['document', 'web', 'email', 'tool', 'user']),
        'prose',
      )
      add(line(prose), random.pick(['document', 'web', 'email']), 'prose')
    }
  }
  for (const [lang, code] of Object.entries(UDHR_SEEN)) {
    const articles = udhrHalf(code, 'odd').filter((_, i) => (i % 5 === 4) === (part === 'dev'))
    articles.forEach((article, i) => {
      const longer = articles.slice(i, i + 2 + random.below(4)).join('\n')
      rows.push({
        text: article,
        label: 0,
        channel: random.pick(['document', 'web', 'email', 'user']),
        source: 'udhr',
        kind: 'article',
        weight: 1,
        lang,
      })
      rows.push({
        text: longer,
        label: 0,
        channel: random.pick(['document', 'web', 'user']),
        source: 'udhr',
        kind: 'articles',
        weight: 1,
        lang,
      })
    })
  }
  return rows
}

const paragraphs = (templates: readonly string[], random: Chance): string =>
  Array.from({ length: 1 + random.below(7) }, () => fill(random.pick(templates), TEXT_SLOTS, random)).join(
    random.pick([' ', '\n', '\n\n']),
  )

const html = (text: string, random: Chance): string =>
  `<html><body>${text
    .split(/\n+/)
    .map((line) => `<${random.pick(['p', 'div', 'li', 'h2'])}>${line}</p>`)
    .join('\n')}</body></html>`
