/** Everything `verifyBundle` can find wrong. `docs/reference` is generated from this table; codes are stable. */
export const BUNDLE_PROBLEMS = {
  zip_invalid: { means: 'the file is not a ZIP archive within the limits of a bundle' },
  file_missing: { means: 'a file that the bundle lists is not in it' },
  file_unlisted: { means: 'a file is in the bundle that it does not list, or that nothing in it calls for' },
  file_changed: { means: 'a file is not the one that the signed manifest lists' },
  keys_invalid: { means: 'the history of keys does not lead from what is trusted to a key of the log' },
  statement_invalid: { means: 'the signed statement is malformed' },
  statement_unsigned: { means: 'no trusted key signed the statement' },
  signature_wrong: { means: 'the signature of the statement under a trusted key is wrong' },
  manifest_changed: { means: 'the manifest is not the one that was signed' },
  manifest_invalid: { means: 'the manifest is malformed or contradicts itself' },
  checkpoint_invalid: { means: 'the checkpoint is malformed, of another log, or no trusted key signed it' },
  cosignature_wrong: { means: 'a cosignature under the key of a trusted witness is wrong' },
  cosigned_invalid: { means: 'the cosigned checkpoint is not an earlier state of the same log' },
  policy_unmet: { means: 'fewer witnesses cosigned than the policy asks for' },
  entry_invalid: { means: 'an entry is not canonical JSON of a known schema, or carries another index' },
  proof_invalid: { means: 'the proof of an entry does not lead to the checkpoint' },
  entry_outside: { means: 'an entry lies outside the window' },
  entry_unselected: { means: 'an entry is listed that the query does not select' },
  entry_unlisted: { means: 'the query selects a disclosed entry that is not listed' },
  count_wrong: { means: 'a count does not agree with the entries' },
  range_invalid: { means: 'the hashes of the window do not give the root of the checkpoint' },
  window_wrong: { means: 'the window in time does not agree with the entries around it' },
  state_wrong: { means: 'gaps or counts of a fully disclosed window are not those its entries give' },
  key_unknown: { means: 'no key was given to check against: everything fits together, and nothing shows whose log it is' },
} as const satisfies Record<string, { means: string }>
export type BundleProblemCode = keyof typeof BUNDLE_PROBLEMS

/** The first thing that is wrong with a bundle. */
export interface BundleProblem {
  readonly code: BundleProblemCode
  /** File of the bundle, or index of an entry. */
  readonly at?: string | number
  readonly detail?: string
}
