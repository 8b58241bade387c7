import { GatewayError, Id, isGatewayError, Sha256Hex } from '@sallyport/core'
import { z } from 'zod'
import { parseManifest } from '../manifests/read-folder.ts'
import { YAML_BYTES_MAX } from '../read-yaml.ts'
import { ROLES, type ManifestVersionRecord } from '../state-records.ts'
import { defineVerb, type ControlDeps } from './define-verb.ts'
import { diffJson, JsonChange } from './diff-json.ts'
import { requireGateTested } from './gate-test.ts'
import { requireStanding } from './require.ts'

const ANYONE = ROLES
const Proposed = z.array(z.looseObject({ path: z.string() }))

export const manifestCheck = defineVerb({
  name: 'manifest.check',
  summary: 'Check a manifest’s text, without putting it in force',
  roles: ANYONE,
  input: z.strictObject({ agent: Id, text: z.string().max(YAML_BYTES_MAX) }),
  output: z.strictObject({ ok: z.boolean(), problem: z.string().optional(), hash: z.string().optional(), proposed: Proposed }),
  target: (input) => input.agent,
  run(deps, input) {
    try {
      const parsed = parseManifest(input.text, `${input.agent}.yaml`)
      const standing = deps.manifests.standing(input.agent)
      const baseline = standing?.signed === true ? standing.newest : standing?.baseline
      const version = { agent: input.agent, version: (standing?.newest.version ?? 0) + 1, ...parsed, createdMs: deps.nowMs() }
      const compiled = deps.manifests.compile(version, { signed: false, ...(baseline && { baseline }) })
      return { output: { ok: true, hash: parsed.hash, proposed: toRows(compiled.proposed) } }
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'CONFIG_INVALID') throw error
      return { output: { ok: false, problem: error.message, proposed: [] } }
    }
  },
})

export const manifestShow = defineVerb({
  name: 'manifest.show',
  summary: 'A manifest in force: version, signatures, what awaits them',
  roles: ANYONE,
  reads: true,
  input: z.strictObject({ agent: Id, version: z.int().min(1).optional() }),
  output: z.strictObject({
    agent: Id,
    version: z.int(),
    hash: z.string(),
    createdMs: z.int(),
    signed: z.boolean(),
    required: z.array(z.string()),
    signatures: z.array(z.strictObject({ user: z.string(), role: z.string(), reason: z.string(), atMs: z.int() })),
    proposed: Proposed,
    versions: z.array(z.strictObject({ version: z.int(), hash: z.string(), createdMs: z.int() })),
    manifest: z.json(),
    problem: z.string().optional().meta({ description: 'Why the file on disk is not in force.' }),
  }),
  target: (input) => input.agent,
  async run(deps, input) {
    const standing = await requireStanding(deps, input.agent)
    const shown = input.version === undefined ? standing.newest : requireVersion(deps, input.agent, input.version)
    const isNewest = shown.version === standing.newest.version
    const signatures = isNewest ? standing.signatures : deps.state.signatures(input.agent, shown.version)
    const problem = deps.manifests.problems().find((one) => one.agent === input.agent)?.problem
    return {
      output: {
        agent: input.agent,
        version: shown.version,
        hash: shown.hash,
        createdMs: shown.createdMs,
        signed: isNewest && standing.signed,
        required: [...standing.required],
        signatures: signatures.map(({ user, role, reason, atMs }) => ({ user, role, reason, atMs })),
        proposed: isNewest ? toRows(deps.manifests.current(input.agent)?.proposed ?? []) : [],
        versions: deps.state.manifestVersions(input.agent).map(({ version, hash, createdMs }) => ({ version, hash, createdMs })),
        manifest: toJson(shown),
        ...(problem === undefined ? {} : { problem }),
      },
    }
  },
})

export const manifestDiff = defineVerb({
  name: 'manifest.diff',
  summary: 'What the newest version changes against the last signed one',
  roles: ANYONE,
  reads: true,
  input: z.strictObject({ agent: Id, from: z.int().min(1).optional(), to: z.int().min(1).optional() }),
  output: z.strictObject({
    agent: Id,
    from: z.int().optional(),
    to: z.int(),
    hash: z.string(),
    signed: z.boolean(),
    required: z.array(z.string()),
    changes: z.array(JsonChange),
    proposed: Proposed,
  }),
  target: (input) => input.agent,
  async run(deps, input) {
    const standing = await requireStanding(deps, input.agent)
    const to = input.to === undefined ? standing.newest : requireVersion(deps, input.agent, input.to)
    const from = input.from === undefined ? standing.baseline : requireVersion(deps, input.agent, input.from)
    const isNewest = to.version === standing.newest.version
    return {
      output: {
        agent: input.agent,
        ...(from && { from: from.version }),
        to: to.version,
        hash: to.hash,
        signed: isNewest && standing.signed,
        required: [...standing.required],
        changes: diffJson(from && toJson(from), toJson(to)),
        proposed: isNewest ? toRows(deps.manifests.current(input.agent)?.proposed ?? []) : [],
      },
    }
  },
})

export const manifestSign = defineVerb({
  name: 'manifest.sign',
  summary: 'Sign the newest version in one of your roles, with a reason',
  roles: ANYONE,
  input: z.strictObject({
    agent: Id,
    version: z.int().min(1),
    hash: Sha256Hex,
    role: z.enum(ROLES),
    reason: z.string().min(3).max(1_000),
    signature: z.base64().length(88).optional().meta({
      description:
        'Ed25519 over the domain-separated message (`signableBytes`), base64. With a browser, the passkey over this request signs.',
    }),
  }),
  output: z.strictObject({ agent: Id, version: z.int(), hash: z.string(), role: z.string(), missing: z.array(z.string()) }),
  target: (input) => input.agent,
  confirm: () => true,
  async run(deps, input, { user, confirmation }) {
    const standing = await requireStanding(deps, input.agent)
    requireTested(deps, input.agent)
    requireGateTested(deps, input.agent)
    const { signature, ...signable } = input
    const signed = confirmation ? { confirmation } : { ...(signature !== undefined && { signature }) }
    const change = deps.manifests.acceptSignature({ ...signable, user: user.id }, signed)
    const given = new Set([...standing.signatures.map((one) => one.role as string), input.role])
    const { reason, version, hash, role, agent } = input
    return {
      output: { agent, version, hash, role, missing: standing.required.filter((one) => !given.has(one)) },
      changes: [change],
      after: () => deps.manifests.refresh(agent),
      detail: { version, hash, role, reason },
    }
  },
})

/** R071: where the configuration wants it, grants wait until the guard in force was run against the attack suite. */
function requireTested({ guard, manifests, state }: ControlDeps, agent: string): void {
  const inForce = guard?.inForce()
  if (inForce?.policy.testBefore !== 'sign' || manifests.current(agent)?.proposed.length === 0) return
  if (state.guardTest()?.guard === inForce.hash) return
  throw new GatewayError('CONFLICT', 'the guard in force was not run against the attack suite; run: sallyport guard test')
}

function requireVersion(deps: ControlDeps, agent: string, version: number): ManifestVersionRecord {
  const found = deps.state.manifestVersions(agent).find((one) => one.version === version)
  if (found === undefined) throw new GatewayError('NOT_FOUND', 'the manifest has no such version')
  return found
}

function toRows(proposals: readonly { readonly path: string }[]): { path: string }[] {
  return proposals.map((proposal) => ({ ...proposal }))
}

function toJson(version: ManifestVersionRecord): z.core.util.JSONType {
  return version.manifest as unknown as z.core.util.JSONType
}
