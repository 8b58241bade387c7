import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ERRORS, Entry, Manifest, REASONS } from '@sallyport/core'
import { Config, GATEWAY_VERSION, ROLES, VERBS, type Verb } from '@sallyport/gateway'
import { openApi } from '@sallyport/gateway/console-server'
import { z } from 'zod'
import { cliPage } from './generate/cli-page.ts'
import { coveragePage } from './generate/coverage-page.ts'
import { evidencePage } from './generate/evidence-page.ts'
import { fieldTable, inputSchema, schemaTables } from './generate/schema-page.ts'
import { importTableMarkdown } from './tidy/import-table.ts'

const ROOT = join(import.meta.dirname, '..')
const NOTE = '<!-- Written by `npm run generate`; changes belong in the source it names. -->'

const MANIFEST_INTRO = `One YAML file per agent, in the folder that \`manifests\` of the configuration names. Source: \`packages/core/src/model/manifest.ts\`; for
editors: [schemas/manifest.schema.json](schemas/manifest.schema.json). Unknown keys are refused. An agent starts with nothing; every grant adds; \`denied\` only
narrows. Some rules are beyond JSON Schema: a tool of scope send, delete or transact, or of tier high, cannot be exempted from approval, and no limit may be
unsafe as an integer. \`sallyport manifest check\` applies them all.`
const CONFIG_INTRO = `\`sallyport.yaml\` in the home folder. Source: \`packages/gateway/src/config.ts\`; for editors: [schemas/config.schema.json](schemas/config.schema.json).
Unknown keys are refused. \`\${env:NAME}\` and \`\${file:path}\` are replaced in secret fields only (\`env\` and \`headers\` of servers), at start.`
const ERRORS_INTRO = `Every expected failure and how each wire reports it. Source: \`packages/core/src/errors.ts\`. A refusal by policy is not an error; see [reasons](reasons.md).`
const REASONS_INTRO = `Every reason a decision can carry. Source: \`packages/core/src/reasons.ts\`. Codes are stable. A refused \`tools/call\` carries them in
\`_meta["dev.sallyport/refusal"].reasons\`, other refused methods in \`data\` of JSON-RPC error −32010; \`sallyport explain <entry>\` prints them for a recorded act.`
const CLI_INTRO = `\`sallyport\`, or \`npm run -s sallyport --\` in a clone. Source: \`packages/cli/src/command-list.ts\` and the folders it names. Durations are written \`90s\`, \`15m\`, \`12h\`,
\`30d\`. With \`--json\` every command prints one object, whose schema \`--schema\` prints; errors are objects too.`
const ENTRIES_INTRO = `What the audit log holds: one JSON object (RFC 8785) per entry, at most 65,535 bytes. Source: \`packages/core/src/model/entry.ts\`. Arguments and results appear only as
a keyed commitment, a size and a redacted structure of field names and types.`

const EVIDENCE_INTRO = `Codes of bundles, logs and gaps, and what can be asked of the log. How to use them: [operating/evidence](../operating/evidence.md).
Source: \`packages/core/src/evidence/\` and \`packages/core/src/record/log-problems.ts\`. Codes are stable.`

const COVERAGE_INTRO = `Every place where text enters (\`in\`) or leaves (\`out\`) through a protocol, and where the guard meets it. Source: \`formats.ts\` in each folder of
\`packages/gateway/src/protocols\` and the channels of \`packages/core/src/model/channel.ts\`. \`npm run -s eval -- coverage\` puts something planted and something
ordinary through every cell of a live gateway: what is planted must not arrive and must be found in the audit log under its channel; what is ordinary must arrive.
Stage \`own-words\`: nothing of it is passed on, so there is nothing to find; the gateway says it in its own words or not at all.`

const ROLES_INTRO = `Who may do what on the control plane, by command line and browser alike. Source: \`packages/gateway/src/control/\`; a test walks every cell. \`•\` may,
\`p\` may, and with a browser confirms the exact request with a passkey. Roles only add. A manifest is signed in one of the roles its \`signOff\` names, tools are
reviewed by security or an owner; only an owner makes or changes owners, admins, security, approvers, compliance and auditors, and nobody changes their own roles. \`audit.export\` and
\`audit.bundle\` write files on the gateway's machine, so browsers are refused. Who may decide on
a request for approval is narrower still: see [approvals](../operating/approvals.md).`

const changed = [...(await pages())].filter(
  ([path, text]) => !existsSync(join(ROOT, path)) || readFileSync(join(ROOT, path), 'utf8') !== text,
)
if (process.argv.includes('--check')) {
  if (changed.length > 0) process.stderr.write(`run "npm run generate"; out of date: ${changed.map(([path]) => path).join(', ')}\n`)
  process.exitCode = changed.length > 0 ? 1 : 0
} else {
  for (const [path, text] of changed) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true })
    writeFileSync(join(ROOT, path), text)
    process.stdout.write(`${path}\n`)
  }
}

/** Every generated file with its text. */
async function pages(): Promise<Map<string, string>> {
  return new Map([
    ['docs/reference/manifest.md', page('Manifest', MANIFEST_INTRO, schemaTables(inputSchema(Manifest)))],
    ['docs/reference/configuration.md', page('Configuration', CONFIG_INTRO, schemaTables(inputSchema(Config)))],
    ['docs/reference/errors.md', page('Errors', ERRORS_INTRO, errorTable())],
    ['docs/reference/reasons.md', page('Reasons', REASONS_INTRO, reasonTable())],
    ['docs/reference/entries.md', page('Audit entries', ENTRIES_INTRO, entryTables())],
    ['docs/reference/evidence.md', page('Evidence', EVIDENCE_INTRO, evidencePage())],
    ['docs/reference/coverage.md', page('Coverage of the guard', COVERAGE_INTRO, await coveragePage())],
    ['docs/reference/roles.md', page('Roles', ROLES_INTRO, roleTable())],
    ['docs/reference/schemas/openapi.json', json(openApi(GATEWAY_VERSION))],
    ['docs/reference/cli.md', page('Command line', CLI_INTRO, await cliPage())],
    ['docs/reference/schemas/manifest.schema.json', json(inputSchema(Manifest))],
    ['docs/reference/schemas/config.schema.json', json(inputSchema(Config))],
    ['ARCHITECTURE.md', withTable(readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8'))],
  ])
}

function page(title: string, intro: string, body: string): string {
  return `${NOTE}\n\n# ${title}\n\n${intro}\n\n${body}\n`
}

function errorTable(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { http, rpc, retry, means }]) => `| \`${code}\` | ${http} | ${rpc} | ${retry ? 'yes' : 'no'} | ${means} |`,
  )
  return ['| Code | HTTP | JSON-RPC | Retry helps | Means |', '| --- | --- | --- | --- | --- |', ...rows].join('\n')
}

function roleTable(): string {
  const rows = (Object.values(VERBS) as unknown as Verb[]).map(({ name, summary, roles, confirm }) => {
    const cells = ROLES.map((role) => (roles.includes(role) ? (confirm ? 'p' : '•') : ''))
    return `| \`${name}\` | ${summary} | ${cells.join(' | ')} |`
  })
  return [`| Verb | | ${ROLES.join(' | ')} |`, `| --- | --- | ${ROLES.map(() => '---').join(' | ')} |`, ...rows].join('\n')
}

function reasonTable(): string {
  const rows = Object.entries(REASONS).map(([code, { means, todo }]) => `| \`${code}\` | ${means} | ${todo} |`)
  return ['| Code | Means | What to do |', '| --- | --- | --- |', ...rows].join('\n')
}

function entryTables(): string {
  const sections = Entry.options.map((option) => {
    const schema = z.toJSONSchema(option) as Parameters<typeof fieldTable>[0]
    return `## ${option.shape.type.value}\n\n${fieldTable(schema)}`
  })
  return sections.join('\n\n')
}

function withTable(text: string): string {
  const [before, rest] = text.split('<!-- import table -->\n')
  const after = rest?.split('<!-- end of import table -->')[1]
  if (before === undefined || after === undefined) throw new Error('ARCHITECTURE.md has lost the marks of its import table')
  return `${before}<!-- import table -->\n${importTableMarkdown()}\n<!-- end of import table -->${after}`
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
