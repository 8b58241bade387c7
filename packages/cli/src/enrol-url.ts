import { consoleOrigin, type ConsoleConfig } from '@sallyport/gateway'

/** Where somebody enrols. The token is in the fragment: it reaches no server's log, and no prefetch uses it up. */
export function enrolUrl(config: ConsoleConfig | undefined, token: string): string {
  return `${consoleOrigin(config ?? { port: 7_701 }).origin}/enrol#${token}`
}
