import { COVERAGES, type BundleManifest } from './bundle-manifest.ts'

/** Words that go with a bundle: what it is, how to check it, what it does not show. */
export function bundleReadme({ window, coverage, items, log, population, createdAt }: BundleManifest): string {
  const span = [window.since && `since ${window.since}`, window.until && `until ${window.until}`].filter(Boolean).join(', ')
  return `Evidence from the audit log ${log.origin}, made ${createdAt}.

Window: entries ${window.from} to ${window.to - 1}${span === '' ? '' : ` (${span})`}; ${population.entries} entries, ${population.gapCount} gaps.
Questions: ${items.map(({ id, selected }) => `${id} (${selected.length} entries)`).join(', ')}.

Verify it, on any machine, without network:

    sallyport verify bundle.zip --key log.pub

log.pub is the public key of the log. Take it from the operator by another way than this bundle; keys.txt is only a copy.
With witnesses: add --witness witness.pub for each. Every entry also verifies alone, by any C2SP tlog-proof software: proofs/.

What is shown: every file is the one that was signed; every disclosed entry is in the log, byte for byte, and answers its
question. Of entries not disclosed this bundle shows (${coverage}): ${COVERAGES[coverage].means}.

What is not shown: that the gateway wrote down what truly happened; that the log was never shown to others in another form,
unless independent witnesses cosigned it; population and state, where not every entry of the window is disclosed, are the
operator's word under the same signature.
`
}
