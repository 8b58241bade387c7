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
    name: 'console',
    summary: 'serve the console by itself, for a gateway that runs on the same home folder',
    load: () => import('./commands/console/index.ts'),
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
  {
    name: 'status',
    summary: 'what runs, who is isolated, how far the log is witnessed',
    load: () => import('./commands/status/index.ts'),
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
  {
    name: 'prompt',
    summary: 'check system prompts before they are pinned',
    load: () => import('./commands/prompt/index.ts'),
  },
  { name: 'tools', summary: 'list, diff and approve what tool servers offer', load: () => import('./commands/tools/index.ts') },
  { name: 'isolate', summary: 'cut an agent off, now', load: () => import('./commands/isolate/index.ts') },
  { name: 'release', summary: 'let an isolated agent act again', load: () => import('./commands/release/index.ts') },
  {
    name: 'audit',
    summary: 'read, search, verify, prove and export the audit log',
    load: () => import('./commands/audit/index.ts'),
  },
  {
    name: 'root',
    summary: 'make an offline root key; certify and revoke the keys of logs',
    load: () => import('./commands/root/index.ts'),
  },
  {
    name: 'witness',
    summary: 'run a witness that cosigns the logs of others, and refuses rollbacks and forks',
    load: () => import('./commands/witness/index.ts'),
  },
  {
    name: 'retention',
    summary: 'show how long records are kept and delete what has expired',
    load: () => import('./commands/retention/index.ts'),
  },
  { name: 'hold', summary: 'open, approve, review and release legal holds', load: () => import('./commands/hold/index.ts') },
  {
    name: 'store',
    summary: 'bring a shared PostgreSQL database to the schema of this version',
    load: () => import('./commands/store/index.ts'),
  },
  {
    name: 'verify',
    summary: 'check evidence you were handed: a bundle, a proof, a copied log; offline, without a home folder',
    load: () => import('./commands/audit/verify-file.ts'),
  },
  {
    name: 'sinks',
    summary: 'how far each destination of events has come, and what it should have',
    load: () => import('./commands/sinks/index.ts'),
  },
  { name: 'content', summary: 'show content that was kept, find a person', load: () => import('./commands/content/index.ts') },
  {
    name: 'erase',
    summary: 'destroy a person’s keys and content, with a certificate',
    load: () => import('./commands/erase/index.ts'),
  },
  {
    name: 'approvals',
    summary: 'acts that wait for people: look at them, approve or reject them',
    load: () => import('./commands/approvals/index.ts'),
  },
  {
    name: 'delegation',
    summary: 'who decides on approvals in whose place, and until when',
    load: () => import('./commands/delegation/index.ts'),
  },
  {
    name: 'quarantine',
    summary: 'what was stopped on its way to an agent: look at it, release it',
    load: () => import('./commands/quarantine/index.ts'),
  },
  {
    name: 'guard',
    summary: 'how well agents are guarded: status, attack suite, labels, canaries, scans, calibration',
    load: () => import('./commands/guard/index.ts'),
  },
  { name: 'explain', summary: 'tell the story of one entry: who, what, why', load: () => import('./commands/explain/index.ts') },
  {
    name: 'lineage',
    summary: 'where an act came from, what came of it, and where data goes',
    load: () => import('./commands/lineage/index.ts'),
  },
]
