/** Placeholder of the contract; the decide helper replaces it. */
export interface CompiledManifest { readonly hash: string }
