import type { BundleManifest } from './bundle-manifest.ts'

/** What a verified bundle shows, as the signed statement names it. */
export const BUNDLE_PROPERTIES = {
  SALLYPORT_ENTRIES_IN_LOG: { means: 'every disclosed entry is in the log under the checkpoint, byte for byte' },
  SALLYPORT_QUERY_SELECTS: { means: 'every listed entry is one the query selects, inside the window' },
  SALLYPORT_POPULATION_COUNTED: { means: 'the number of entries in the window is proven by their hashes' },
  SALLYPORT_WINDOW_COMPLETE: { means: 'every entry of the window is disclosed, so nothing the query selects is left out' },
} as const satisfies Record<string, { means: string }>
export type BundleProperty = keyof typeof BUNDLE_PROPERTIES

export function propertiesOf({ coverage }: Pick<BundleManifest, 'coverage'>): BundleProperty[] {
  const always: BundleProperty[] = ['SALLYPORT_ENTRIES_IN_LOG', 'SALLYPORT_QUERY_SELECTS']
  if (coverage === 'selection') return always
  return [...always, 'SALLYPORT_POPULATION_COUNTED', ...(coverage === 'entries' ? (['SALLYPORT_WINDOW_COMPLETE'] as const) : [])]
}
