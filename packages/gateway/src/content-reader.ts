import type { ContentText } from '@sallyport/core'

/** Reads the text of documents, pictures and archives. */
export interface ContentReader {
  /** Never throws and always answers: what cannot be read is content with a problem and `isWhole: false`. */
  extract(bytes: Uint8Array, options: { readonly declaredType: string }): Promise<ContentText>
}
