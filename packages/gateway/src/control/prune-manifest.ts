import { GatewayError, type Manifest } from '@sallyport/core'
import { isMap, parseDocument, stringify } from 'yaml'
import { hashManifest, parseManifest } from '../manifests/read-folder.ts'
import type { GrantPlace } from './find-uses.ts'

/** A manifest without some of its grants. */
export function withoutGrants(manifest: Manifest, grants: readonly GrantPlace[]): Manifest {
  const pruned = structuredClone(manifest)
  for (const { task, kind, name } of grants) {
    const held = Object.hasOwn(pruned.tasks, task) ? pruned.tasks[task]?.[kind] : undefined
    if (held !== undefined) delete held[name]
  }
  return pruned
}

/**
 * The text of a manifest file without some of its grants, comments and order kept. Where the text cannot be edited in place,
 * because it uses aliases for example, the manifest is written anew.
 * @throws GatewayError `CONFLICT` when the text does not mean `manifest`, `CONFIG_INVALID` when it means nothing
 */
export function prunedText(manifest: Manifest, grants: readonly GrantPlace[], text: string | undefined): string {
  const pruned = withoutGrants(manifest, grants)
  if (text === undefined) return stringify(pruned)
  const file = `${manifest.agent}.yaml`
  if (parseManifest(text, file).hash !== hashManifest(manifest))
    throw new GatewayError('CONFLICT', 'the manifest file is not what is in force; ask again')
  return edited(text, { pruned, grants, file }) ?? stringify(pruned)
}

interface Edit {
  readonly pruned: Manifest
  readonly grants: readonly GrantPlace[]
  readonly file: string
}

/** Edits in place, and proves it: the text must then say exactly what was meant. */
function edited(text: string, { pruned, grants, file }: Edit): string | undefined {
  const document = parseDocument(text, { version: '1.2', schema: 'core' })
  for (const { task, kind, name } of grants) {
    const held = document.getIn(['tasks', task, kind])
    if (!isMap(held) || !held.delete(name)) return undefined
  }
  try {
    const result = document.toString({ lineWidth: 0 })
    return parseManifest(result, file).hash === hashManifest(pruned) ? result : undefined
  } catch {
    // An anchor went with its grant.
    return undefined
  }
}
