import { CONTENT_ATTACKS, SLOTS, USER_ATTACKS } from './attacks.ts'
import { FREE_TEXT, TEXT_SLOTS, anyOf, foundSentences } from './benign-rows.ts'
import { composite } from './composites.ts'
import { LANGUAGES } from './languages.ts'
import { fill, type Chance } from './random.ts'
import { record } from './records.ts'
import type { Row } from './rows.ts'
import { careless } from './transforms.ts'

type Part = 'train' | 'dev'
/** Whole families that are development only: what the model has not seen the like of. */
const DEV_FAMILIES = { user: ['splitting', 'fiction'], content: ['persuasion', 'fakeDone'] }
const BARE = new Set(['naked', 'chore'])
const COUNTS = {
  train: { user: 8000, content: 5000, composites: 12000, records: 4500, found: 3500, language: 520 },
  dev: { user: 700, content: 600, composites: 900, records: 400, found: 400, language: 40 },
}

/** Attacks of our own grammar, alone and standing in documents, mail, pages and tool results of the same part of the corpus. */
export function attackRows(part: Part, found: readonly Row[], random: Chance): Row[] {
  const counts = COUNTS[part]
  const user = grammar(part, 'user', random)
  const content = grammar(part, 'content', random)
  const hosts = found
    .filter(({ label, channel }) => label === 0 && channel !== 'user')
    .map((row) => ({ ...row, channel: row.channel as 'document' | 'email' | 'web' | 'tool' }))
  const requests = found.filter(({ label, channel, text }) => label === 0 && channel === 'user' && text.length < 700)
  const sentences = foundSentences(found, random)
  const rows: Row[] = []
  for (let i = 0; i < counts.user; i++) rows.push(userAttack(user(), { hosts, requests }, random))
  for (let i = 0; i < counts.content; i++) {
    const { text, family } = content()
    rows.push({
      text: random.maybe(0.1) ? careless(text, random) : text,
      label: 1,
      channel: random.pick(
        BARE.has(family) ? (['document', 'web', 'tool'] as const) : (['document', 'email', 'web', 'tool'] as const),
      ),
      source: 'own_attacks',
      kind: family,
      weight: 1,
    })
  }
  for (let i = 0; i < counts.composites; i++) {
    const { text, family } = content()
    const host = random.pick(hosts)
    // In a letter between people a bare order is addressed to a person.
    if (host.channel === 'email' && BARE.has(family)) continue
    rows.push({ ...planted(host, text, random), source: 'own_composites', kind: family })
  }
  for (let i = 0; i < counts.records; i++) {
    const { text, family } = content()
    rows.push(inRecord(text, { part, source: 'own_records', kind: family, sentences }, random))
  }
  rows.push(
    ...foundComposites({ count: counts.found, found, hosts }, random),
    ...languageAttacks({ part, count: counts.language, hosts }, random),
  )
  return rows
}

type Drawn = () => { readonly text: string; readonly family: string }

function grammar(part: Part, side: 'user' | 'content', random: Chance): Drawn {
  const families = Object.entries(side === 'user' ? USER_ATTACKS : CONTENT_ATTACKS)
  const held = DEV_FAMILIES[side]
  const own = families.filter(([family]) => part === 'dev' || !held.includes(family))
  return () => {
    // The plainest attacks are the most common.
    const [family, templates] = random.pick(
      side === 'user' && random.maybe(0.25) ? own.filter(([name]) => name === 'override' || name === 'hijack') : own,
    )
    const chosen = held.includes(family) ? templates : anyOf(templates, part)
    for (;;) {
      const text = fill(random.pick(chosen), SLOTS, random).replaceAll(/ {2,}/g, ' ')
      // A slot whose own brackets kept an alternative from being taken.
      if (!/\[[^\]]*\|[^\]]*\]|\{[a-zA-Z]+\}/.test(text))
        return { text: random.maybe(0.5) ? text : text.charAt(0).toUpperCase() + text.slice(1), family }
    }
  }
}

type Host = Row & { readonly channel: 'document' | 'email' | 'web' | 'tool' }

function userAttack(
  { text, family }: ReturnType<Drawn>,
  { hosts, requests }: { hosts: readonly Host[]; requests: readonly Row[] },
  random: Chance,
): Row {
  const base = { label: 1, channel: 'user', kind: family, source: 'own_attacks', weight: 1 } as const
  if (random.maybe(0.12)) return { ...base, text: careless(text, random) }
  if (!random.maybe(0.3)) return { ...base, text }
  const { text: whole, at } = composite(
    { host: random.pick(random.maybe(0.5) ? requests : hosts).text, hostMax: 900 },
    text,
    random,
  )
  return { ...base, text: whole, at, source: 'own_composites' }
}

function planted(host: Host, attack: string, random: Chance): Pick<Row, 'text' | 'at' | 'label' | 'channel' | 'weight' | 'grp'> {
  // Short windows matter more than long ones: most hosts are cut to a page or less.
  const made = composite({ host: host.text, hostMax: random.pick([300, 700, 1500, 2600]) }, attack, random)
  return { ...made, label: 1, channel: host.channel, weight: 1, grp: host.source }
}

function inRecord(
  attack: string,
  from: Pick<Row, 'source' | 'kind'> & { readonly part: Part; readonly sentences: readonly string[] },
  random: Chance,
): Row {
  const { text } = record(random, TEXT_SLOTS, { free: FREE_TEXT, dev: from.part === 'dev', found: from.sentences, planted: attack })
  const place = text.indexOf(attack)
  return {
    text,
    label: 1,
    channel: 'tool',
    weight: 1,
    source: from.source,
    kind: from.kind,
    grp: 'own_records',
    ...(place >= 0 ? { at: [place, place + attack.length] as const } : {}),
  }
}

/** Attacks and plain requests of the sources, planted: a request to an assistant is an injection where a document makes it. */
function foundComposites(
  { count, found, hosts }: { count: number; found: readonly Row[]; hosts: readonly Host[] },
  random: Chance,
): Row[] {
  const attacks = found.filter(
    ({ label, text, kind, source }) =>
      label === 1 &&
      text.length < 600 &&
      (kind === 'asb_bare' ||
        source === 'tasktracker' ||
        kind === 'bipia_bare' ||
        kind === 'sysprompt_extraction' ||
        source === 'jailbreak_wild'),
  )
  const requests = found.filter(
    ({ label, channel, text, source }) =>
      label === 0 &&
      channel === 'user' &&
      text.length < 400 &&
      ['bfcl', 'self_instruct', 'clinc150', 'arena_hard', 'mitre_frr'].includes(source),
  )
  return Array.from({ length: count }, () => {
    const isAttack = attacks.length > 0 && random.maybe(0.55)
    const chosen = random.pick(isAttack ? attacks : requests)
    return {
      ...planted(random.pick(hosts), chosen.text.trim(), random),
      source: 'own_composites',
      kind: `${chosen.source}_planted`,
      weight: isAttack ? 1 : 0.5,
    }
  })
}

function languageAttacks({ part, count, hosts }: { part: Part; count: number; hosts: readonly Host[] }, random: Chance): Row[] {
  return Object.entries(LANGUAGES).flatMap(([lang, { attacks, slots }]) =>
    Array.from({ length: count }, (): Row => {
      const text = fill(random.pick(anyOf(attacks, part)), { ...SLOTS, ...slots }, random)
      const base = { label: 1, source: 'own_languages', kind: 'attack', weight: 1, lang } as const
      const where = random.below(4)
      if (where < 2) return { ...base, text, channel: 'user' }
      if (where === 2) return { ...base, text, channel: random.pick(['document', 'web', 'email', 'tool']) }
      return { ...base, ...planted(random.pick(hosts), text, random) }
    }),
  )
}
