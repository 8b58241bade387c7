/** One row: files under `from` may import files under `to`, the packages named, and `node:` modules where `node` says so. */
export interface ImportRule {
  /** Folder or file, repository-relative. `<id>` stands for one folder name; every such folder is a unit of its own. */
  readonly from: string
  /** What it may import besides itself, in the same notation. */
  readonly to: readonly string[]
  /** npm packages it may import; `undefined` leaves that to `package.json` and knip. */
  readonly packages?: readonly string[]
  /** Whether it may import Node's own modules. */
  readonly node: boolean
}

const MODEL = ['core/model', 'core/errors', 'core/reasons']
const STAGES = ['core/normalise', 'core/inspect', 'core/decide', 'core/record']
const PURE = ['zod', '@noble']
const BASE = ['gateway/*', 'core']

/**
 * Which folder may import which. ARCHITECTURE.md prints this table and the tidy test enforces it; nothing else states it.
 * Paths leave out `packages/` and `src/`. `core` and `gateway` alone mean the public surface of that package, `core/record` the
 * part of it that a log's writer loads into its thread, `gateway/*` the files directly in its `src`, except the composition
 * root. The first row that matches a file is its rule.
 */
export const IMPORT_TABLE: readonly ImportRule[] = [
  { from: 'core/index', to: ['core/**'], packages: [], node: false },
  { from: 'core/pipeline', to: [...MODEL, 'core/ports', ...STAGES, 'core/stages'], packages: [], node: false },
  { from: 'core/stages', to: [...MODEL, 'core/ports', ...STAGES], packages: [], node: false },
  { from: 'core/flow', to: MODEL, packages: PURE, node: false },
  { from: 'core/lineage', to: [...MODEL, 'core/decide'], packages: PURE, node: false },
  { from: 'core/model', to: MODEL, packages: PURE, node: false },
  { from: 'core/errors', to: [], packages: PURE, node: false },
  { from: 'core/reasons', to: [], packages: PURE, node: false },
  { from: 'core/ports', to: MODEL, packages: PURE, node: false },
  { from: 'core/normalise', to: [...MODEL, 'core/ports'], packages: PURE, node: false },
  // Reading a text is the first stage and knows no rule, so the later ones may read texts the same way.
  ...STAGES.slice(1).map((from) => ({ from, to: [...MODEL, 'core/ports', 'core/normalise'], packages: PURE, node: false })),
  { from: 'core/retention', to: [...MODEL, 'core/record'], packages: PURE, node: false },
  { from: 'core/approval', to: MODEL, packages: PURE, node: false },
  { from: 'core/vault', to: MODEL, packages: PURE, node: false },
  // What follows the log reads entries as the record keeps them.
  { from: 'core/observe', to: [...MODEL, 'core/ports', 'core/record'], packages: PURE, node: false },
  { from: 'core/evidence', to: [...MODEL, 'core/ports', 'core/normalise', 'core/record'], packages: PURE, node: false },
  { from: 'gateway/index', to: ['gateway/**'], node: false },
  { from: 'gateway/gateway', to: ['gateway/**', 'core'], node: true },
  { from: 'gateway/compose', to: ['gateway/**', 'core'], node: true },
  { from: 'gateway/stores/<id>', to: [...BASE, 'core/record'], node: true },
  { from: 'gateway/anchors/<id>', to: BASE, node: true },
  { from: 'gateway/sinks/<id>', to: BASE, node: true },
  { from: 'gateway/keys/<id>', to: BASE, node: true },
  { from: 'gateway/protocols/<id>', to: BASE, node: true },
  { from: 'gateway/control', to: [...BASE, 'gateway/identity', 'gateway/manifests', 'gateway/sign-in'], node: true },
  // The console process: it knows the verbs and the socket, and nothing the gateway holds.
  { from: 'gateway/console-server', to: [...BASE, 'gateway/control'], node: true },
  { from: 'gateway/<id>', to: BASE, node: true },
  { from: 'gateway/*', to: BASE, node: true },
  { from: 'cli/main', to: ['cli/**', 'core', 'gateway'], node: true },
  { from: 'cli/commands/<id>', to: ['cli/*', 'cli/example', 'core', 'gateway', 'gateway/console-server'], node: true },
  { from: 'cli/example', to: ['core'], node: true },
  // What browsers load: of the gateway it knows types alone.
  { from: 'console/ui', to: ['console/*', 'core'], node: false },
  { from: 'console/shell', to: ['console/*', 'console/ui'], node: false },
  { from: 'console/pages', to: ['console/*', 'console/ui', 'console/shell', 'core', 'gateway'], node: false },
  { from: 'console/*', to: ['console/*', 'console/ui', 'console/shell', 'console/pages', 'core', 'gateway'], node: true },
  // For any runtime: of the others it knows types alone.
  { from: 'sdk/**', to: ['sdk/**', 'core', 'gateway'], packages: ['zod'], node: false },
  { from: 'cli/*', to: ['cli/*', 'cli/commands/<id>', 'core', 'gateway'], node: true },
]

/** The table as Markdown, for ARCHITECTURE.md. */
export function importTableMarkdown(): string {
  const rows = IMPORT_TABLE.map(({ from, to, packages, node }) => {
    const outside = [...(packages ?? ['any it declares']), ...(node ? ['`node:`'] : [])]
    return `| \`${from}\` | ${to.map((path) => `\`${path}\``).join(', ') || '–'} | ${outside.join(', ') || '–'} |`
  })
  return ['| Files in | may import, besides themselves | from outside |', '| --- | --- | --- |', ...rows].join('\n')
}
