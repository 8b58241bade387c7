import type { Migration } from '../migrate.ts'

/** What sessions hold, sealed; forgotten with age. Auditors have no business here. */
export const sessions: Migration = {
  id: 7,
  name: 'sessions',
  sql: `
    CREATE TABLE sallyport.session_item (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      session text NOT NULL CHECK (length(session) = 64),
      at timestamptz NOT NULL,
      sealed bytea NOT NULL CHECK (octet_length(sealed) <= 1048576)
    );
    CREATE INDEX session_item_session ON sallyport.session_item (session, seq);
    CREATE INDEX session_item_at ON sallyport.session_item (at);
    GRANT SELECT, INSERT, DELETE ON sallyport.session_item TO sallyport_gateway;
  `,
}
