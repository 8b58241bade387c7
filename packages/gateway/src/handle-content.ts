import { contentOf, type Action, type CompiledManifest, type ContentOf, type Handling, type Principal } from '@sallyport/core'
import type { ContentVault, SubjectKeys } from './content-vault.ts'

export interface ContentDeps {
  /** Commits under the gateway's own key: content about nobody. */
  readonly commit: Handling['commit']
  readonly vault: Pick<ContentVault, 'subject' | 'keep'>
}

/**
 * What happens to an act's content by its grant: under whose key it is committed to, and what the vault keeps. A grant that says
 * nothing about content costs nothing.
 * @throws GatewayError `REQUEST_PARAMS` when the argument that names the person does not, `VAULT_UNAVAILABLE`
 */
export function handleContent(
  {
    principal,
    manifest,
    action,
  }: {
    readonly principal: Principal
    readonly manifest: CompiledManifest | undefined
    readonly action: Pick<Action, 'kind' | 'server' | 'name' | 'args'>
  },
  deps: ContentDeps,
): Handling | Promise<Handling> {
  const content = manifest && contentOf(principal, action, manifest)
  if (!content) return { commit: deps.commit, ...keptForPeople({}, deps) }
  if (content.subject === undefined) return handlingOf(content, undefined, deps)
  const subject = deps.vault.subject(content.subject)
  return subject instanceof Promise ? subject.then((keys) => handlingOf(content, keys, deps)) : handlingOf(content, subject, deps)
}

function handlingOf({ classes, keep }: ContentOf, subject: SubjectKeys | undefined, { commit, vault }: ContentDeps): Handling {
  const kept = keep && ((text: string) => vault.keep({ ...(subject && { subject }), class: keep.class, text }))
  return {
    commit: subject?.commit ?? commit,
    classes,
    ...(subject && { subject: subject.token }),
    ...keptForPeople(subject ? { subject } : {}, { vault }),
    ...(kept && keep.input && { keepInput: kept }),
    ...(kept && keep.output && { keepOutput: kept }),
  }
}

/** What people are asked about, and what they may want to look at. */
function keptForPeople(
  of: { readonly subject?: SubjectKeys },
  { vault }: Pick<ContentDeps, 'vault'>,
): Pick<Handling, 'keepAsked' | 'quarantine'> {
  return {
    keepAsked: (text) => vault.keep({ ...of, class: 'approval', text }),
    quarantine: (text) => vault.keep({ ...of, class: 'quarantine', text }),
  }
}
