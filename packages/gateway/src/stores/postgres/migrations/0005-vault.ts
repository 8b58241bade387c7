import type { Migration } from '../migrate.ts'

/**
 * Sealed keys and sealed contents, in schemas of their own so that backups can leave the keys out
 * (`pg_dump --exclude-schema=sallyport_keys`). Every key is sealed under `root`, which only the key source opens.
 */
export const vault: Migration = {
  id: 5,
  name: 'vault',
  sql: `
    CREATE SCHEMA sallyport_keys;
    REVOKE ALL ON SCHEMA sallyport_keys FROM PUBLIC;
    CREATE TABLE sallyport_keys.root (
      id int PRIMARY KEY CHECK (id = 1),
      generation bigint NOT NULL,
      version bigint NOT NULL,
      bytes bytea NOT NULL
    );
    CREATE TABLE sallyport_keys.subject (lookup text COLLATE "C" PRIMARY KEY, sealed bytea NOT NULL);
    CREATE TABLE sallyport_keys.data_key (
      id text COLLATE "C" PRIMARY KEY,
      slot text NOT NULL,
      class text NOT NULL,
      month text NOT NULL,
      sealed bytea NOT NULL,
      UNIQUE (slot, class, month)
    );
    CREATE INDEX data_key_month ON sallyport_keys.data_key (class, month, id);
    CREATE TABLE sallyport_keys.closed_slot (slot text PRIMARY KEY);

    CREATE TABLE sallyport.vault_content (
      id text PRIMARY KEY,
      key text NOT NULL,
      slot text NOT NULL,
      class text NOT NULL,
      month text NOT NULL,
      -- Ciphertext does not compress.
      sealed bytea NOT NULL
    );
    ALTER TABLE sallyport.vault_content ALTER COLUMN sealed SET STORAGE EXTERNAL;
    CREATE INDEX vault_content_key ON sallyport.vault_content (key);
    CREATE INDEX vault_content_slot ON sallyport.vault_content (slot, class, month);

    GRANT USAGE ON SCHEMA sallyport_keys TO sallyport_gateway;
    GRANT SELECT, INSERT, UPDATE, DELETE ON sallyport_keys.root, sallyport_keys.subject, sallyport_keys.data_key TO sallyport_gateway;
    GRANT SELECT, INSERT ON sallyport_keys.closed_slot TO sallyport_gateway;
    GRANT SELECT, INSERT, DELETE ON sallyport.vault_content TO sallyport_gateway;
  `,
}
