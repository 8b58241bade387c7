import { type Entry, REASONS, shownText } from '@sallyport/core'

/** What a reason means, and what a person does about it. */
export function reasonOf(code: string): { readonly means: string; readonly todo?: string } {
  if (!Object.hasOwn(REASONS, code)) return { means: shownText(code) }
  const { means, todo } = REASONS[code as keyof typeof REASONS]
  return todo === 'nothing' ? { means } : { means, todo }
}

/** What an act was aimed at, as manifests write it. */
export function actionName({
  kind,
  server,
  name,
}: {
  readonly kind: string
  readonly server?: string | undefined
  readonly name?: string | undefined
}): string {
  const target = [server, name].filter((part) => part !== undefined).join('.')
  return shownText(target === '' ? kind : `${kind} ${target}`)
}

/** Who is behind an entry. */
export function actorOf(entry: Entry): string {
  return 'actor' in entry ? shownText(entry.actor.id) : 'the gateway'
}

/** One entry in a few words. */
export function wordsOf(entry: Entry): string {
  switch (entry.type) {
    case 'decision':
      return `${actionName(entry.action)}: ${entry.reasons.map((code) => reasonOf(code).means).join('; ')}`
    case 'evaluation':
      return `asked about ${actionName(entry.action)}: ${entry.reasons.map((code) => reasonOf(code).means).join('; ')}`
    case 'outcome':
      return `${actionName(entry.action)}, of entry ${entry.decision}`
    case 'unknown':
      return `the outcome of entry ${entry.decision} never came`
    case 'refusal':
      return shownText(entry.detail)
    case 'admin':
      return shownText(`${entry.verb}${entry.target === undefined ? '' : ` ${entry.target}`}`)
  }
}

/** What became of it, in one word. */
export function effectOf(entry: Entry): string {
  switch (entry.type) {
    case 'decision':
    case 'evaluation':
      return entry.enforced
    case 'outcome':
      return entry.status
    case 'admin':
      return entry.outcome
    case 'refusal':
      return 'refused'
    case 'unknown':
      return 'unknown'
  }
}
