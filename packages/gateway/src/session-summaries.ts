/** How a session stands when somebody wants it to begin anew. */
export interface SessionStanding {
  /** Keyed name of the person whose session it is; absent for nobody’s. */
  readonly owner?: string
  readonly integrity: string
  readonly classes: readonly string[]
  /** Place of the last thing it holds. */
  readonly last: number
}

/** Lets a session begin anew with a text that a person confirmed. */
export interface SessionSummaries {
  /** @returns Nothing for a session that holds nothing. */
  look(agent: string, session: string): Promise<SessionStanding | undefined>
  /**
   * From here on the session holds the text, as its user's own words, and what came after it was looked at. Classes of data stay: a
   * summary may hold any of them.
   */
  begin(agent: string, session: string, how: { readonly text: string; readonly standing: SessionStanding }): Promise<void>
  /** Keyed name of a person, as sessions carry it. */
  ownerName(person: { readonly id: string; readonly issuer: string }): string
}
