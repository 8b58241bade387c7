/** What sessions know of a person, for whoever erases people. */
export interface PersonSessions {
  count(owner: string): Promise<number>
  /**
   * Forgets everything the sessions of a person hold, and keeps of each what it had met: how far it is to be trusted, and which
   * classes. Forgetting must not make a session clean. @returns How many sessions.
   */
  forget(owner: string): Promise<number>
}
