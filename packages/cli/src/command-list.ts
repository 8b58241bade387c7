import type { CliCommand } from './define-command.ts'

/** A command as `--help` lists it; its code is loaded only when it is called. */
export interface ListedCommand {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<{ readonly command: CliCommand }>
}

/** Every command, in the order people meet them. */
export const COMMANDS: readonly ListedCommand[] = [
  {
    name: 'up',
    summary: 'run the gateway; the first run sets up an example company',
    load: () => import('./commands/up/index.ts'),
  },
  {
    name: 'demo',
    summary: 'watch an obedient agent attack the example company, call by call',
    load: () => import('./commands/demo/index.ts'),
  },
  {
    name: 'doctor',
    summary: 'check Node, home folder, configuration, servers, manifests and log',
    load: () => import('./commands/doctor/index.ts'),
  },
  { name: 'agent', summary: 'create, rotate, revoke, list agents and their keys', load: () => import('./commands/agent/index.ts') },
  {
    name: 'session',
    summary: 'create a session token for an agent, acting for you',
    load: () => import('./commands/session/index.ts'),
  },
  { name: 'user', summary: 'create and list local users', load: () => import('./commands/user/index.ts') },
  {
    name: 'manifest',
    summary: 'check, show, diff and sign what an agent may do',
    load: () => import('./commands/manifest/index.ts'),
  },
  { name: 'tools', summary: 'list, diff and approve what tool servers offer', load: () => import('./commands/tools/index.ts') },
  { name: 'isolate', summary: 'cut an agent off, now', load: () => import('./commands/isolate/index.ts') },
  { name: 'release', summary: 'let an isolated agent act again', load: () => import('./commands/release/index.ts') },
  { name: 'audit', summary: 'tail, verify, prove and export the audit log', load: () => import('./commands/audit/index.ts') },
  { name: 'explain', summary: 'tell the story of one entry: who, what, why', load: () => import('./commands/explain/index.ts') },
]
