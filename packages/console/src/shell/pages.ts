/** Pages as the navigation and the palette name them; `roles`: who finds something there. Everybody may open each of them. */
export const PAGES = [
  { to: '/', title: 'Overview', key: 'o' },
  { to: '/approvals', title: 'Approvals', key: 'a' },
  { to: '/live', title: 'Live', key: 'l', roles: ['owner', 'security', 'analyst', 'auditor', 'compliance'] },
  { to: '/agents', title: 'Agents', key: 'g' },
  { to: '/tools', title: 'Tools', key: 't' },
  { to: '/audit', title: 'Audit', key: 'u', roles: ['owner', 'security', 'analyst', 'auditor', 'compliance'] },
  { to: '/people', title: 'People', key: 'p', roles: ['owner', 'admin', 'security', 'auditor', 'compliance'] },
  { to: '/you', title: 'You', key: 'y' },
] as const satisfies readonly { to: string; title: string; key: string; roles?: readonly string[] }[]

export function pagesFor(roles: readonly string[]): (typeof PAGES)[number][] {
  return PAGES.filter((page) => !('roles' in page) || page.roles.some((role: string) => roles.includes(role)))
}
