import type { Migration } from '../migrate.ts'

/**
 * The schema and the three roles. They cannot log in: an operator grants them to logins. `sallyport_gateway` serves agents and
 * may only append to the log; `sallyport_auditor` reads the log and nothing else; `sallyport_keeper` prunes what retention lets go.
 */
export const roles: Migration = {
  id: 1,
  name: 'roles',
  sql: `
    DO $$
    DECLARE role text;
    BEGIN
      FOREACH role IN ARRAY ARRAY['sallyport_gateway', 'sallyport_auditor', 'sallyport_keeper'] LOOP
        BEGIN
          EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
      END LOOP;
    END $$;
    REVOKE ALL ON SCHEMA sallyport FROM PUBLIC;
    GRANT USAGE ON SCHEMA sallyport TO sallyport_gateway, sallyport_auditor, sallyport_keeper;
    GRANT SELECT ON sallyport.migration TO sallyport_gateway, sallyport_auditor, sallyport_keeper;
  `,
}
