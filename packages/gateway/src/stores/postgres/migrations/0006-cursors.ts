import type { Migration } from '../migrate.ts'

/** How far each follower of the log has come. The gateway moves cursors; nobody deletes them. */
export const cursors: Migration = {
  id: 6,
  name: 'cursors',
  sql: `
    CREATE TABLE sallyport.cursor (
      name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 100),
      next bigint NOT NULL CHECK (next >= 0),
      at timestamptz NOT NULL DEFAULT now()
    );
    GRANT SELECT, INSERT, UPDATE ON sallyport.cursor TO sallyport_gateway;
    GRANT SELECT ON sallyport.cursor TO sallyport_auditor, sallyport_keeper;
  `,
}
