import type { VerbName } from '../api.ts'

/** Pages as the navigation and the palette name them; without the verb nothing is found there. Everybody may open each of them. */
const PAGES: readonly {
  readonly to: '/' | '/approvals' | '/live' | '/agents' | '/tools' | '/audit' | '/people' | '/setup' | '/you'
  readonly title: string
  readonly verb?: VerbName
}[] = [
  { to: '/', title: 'Overview' },
  { to: '/approvals', title: 'Approvals' },
  { to: '/live', title: 'Live', verb: 'audit.tail' },
  { to: '/agents', title: 'Agents' },
  { to: '/tools', title: 'Tools' },
  { to: '/audit', title: 'Audit', verb: 'audit.search' },
  { to: '/people', title: 'People', verb: 'user.list' },
  { to: '/setup', title: 'Connect' },
  { to: '/you', title: 'You' },
]

export function pagesFor(may: readonly string[]): (typeof PAGES)[number][] {
  return PAGES.filter(({ verb }) => verb === undefined || may.includes(verb))
}
