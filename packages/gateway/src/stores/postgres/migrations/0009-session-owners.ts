import type { Migration } from '../migrate.ts'

/** Whose sessions they are, by a keyed name, so that a person’s can be forgotten. */
export const sessionOwners: Migration = {
  id: 9,
  name: 'session-owners',
  sql: `
    ALTER TABLE sallyport.session_item ADD COLUMN owner text NOT NULL DEFAULT '' CHECK (length(owner) IN (0, 64));
    CREATE INDEX session_item_owner ON sallyport.session_item (owner) WHERE owner <> '';
  `,
}
