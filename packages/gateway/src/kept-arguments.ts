import {
  type ApprovalRecord,
  type AuditLog,
  type DecisionEntry,
  GatewayError,
  isJsonObject,
  type JsonObject,
  parseJson,
  type ArgumentProposal,
} from '@sallyport/core'
import type { ContentVault } from './content-vault.ts'

/**
 * The arguments of an act that people are asked about, as its decision kept them, and that decision.
 * @throws GatewayError `NOT_FOUND`, `CONTENT_ERASED`, `VAULT_UNAVAILABLE`: what is not there, nobody looks at and nobody runs
 */
export async function keptArguments(
  { audit, vault }: { readonly audit: Pick<AuditLog, 'read' | 'size'>; readonly vault: Pick<ContentVault, 'read'> },
  { decision }: ApprovalRecord,
): Promise<{ entry: DecisionEntry; args: JsonObject }> {
  const [entry] = decision < (await audit.size()) ? await audit.read(decision, decision + 1) : []
  if (entry?.type !== 'decision' || !entry.input.vault) throw new GatewayError('NOT_FOUND', 'the arguments were not kept')
  const { vault: ref, commitment } = entry.input
  return { entry, args: await keptProposal(vault, { vault: ref, commitment }) }
}

/** The arguments that somebody proposed instead. @throws GatewayError as `keptArguments` */
export async function keptProposal(
  vault: Pick<ContentVault, 'read'>,
  { vault: ref, commitment }: Pick<ArgumentProposal, 'vault' | 'commitment'>,
): Promise<JsonObject> {
  const { text } = await vault.read(ref, commitment)
  const args = parseJson(text)
  if (!isJsonObject(args)) throw new GatewayError('VAULT_UNAVAILABLE', 'what is kept are no arguments')
  return args
}
