import type { Migration } from '../migrate.ts'

/**
 * Records of the control plane, replicas and leases. The gateway's role reads the tables and changes them only through these
 * functions, each one statement: no lock outlives it, so a stopped replica holds nothing up, and any pooler will do.
 *
 * Every commit takes the one row of `state_head` first, so revisions come in commit order and a reader who sees revision n sees
 * everything up to n. Deleted records stay as tombstones for an hour; `horizon` is the newest revision of those forgotten since.
 */
export const state: Migration = {
  id: 2,
  name: 'state',
  sql: `
    CREATE TABLE sallyport.state_head (
      is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
      revision bigint NOT NULL DEFAULT 1,
      horizon bigint NOT NULL DEFAULT 0
    );
    INSERT INTO sallyport.state_head DEFAULT VALUES;

    -- Keys and values are JSON text: they hold every string there is, and come back as they were.
    CREATE TABLE sallyport.state_record (
      kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
      key text NOT NULL,
      value text,
      revision bigint NOT NULL,
      deleted_at timestamptz,
      PRIMARY KEY (kind, key)
    );
    CREATE INDEX state_record_revision ON sallyport.state_record (revision);
    CREATE INDEX state_record_deleted ON sallyport.state_record (deleted_at) WHERE deleted_at IS NOT NULL;

    -- All that is newer than 'basis', or everything when tombstones newer than it are gone; one snapshot, one row at least. Asked
    -- many times a second: compiling its plan (jit) would take longer than the lease that the answer gives.
    CREATE FUNCTION sallyport.state_since(basis bigint)
    RETURNS TABLE (revision bigint, complete boolean, kind text, key text, value text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
      SELECT h.revision, h.complete, r.kind, r.key, r.value
      FROM (SELECT s.revision, basis < s.horizon OR basis = 0 OR basis > s.revision AS complete FROM sallyport.state_head s) AS h
      LEFT JOIN sallyport.state_record AS r
        ON r.revision > CASE WHEN h.complete THEN 0 ELSE basis END AND (NOT h.complete OR r.deleted_at IS NULL)
    $$;

    -- Applies all changes in order or none. SY001: an inserted record exists; SY002: somebody committed after 'basis'.
    CREATE FUNCTION sallyport.commit_state(ops text[], kinds text[], keys text[], vals text[], basis bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
    DECLARE
      head sallyport.state_head;
      made bigint;
      forgotten bigint;
    BEGIN
      -- Durable when it returns, whatever the default of this database is.
      IF current_setting('synchronous_commit') IN ('off', 'local') THEN PERFORM set_config('synchronous_commit', 'on', true); END IF;
      SELECT * INTO STRICT head FROM sallyport.state_head FOR UPDATE;
      IF basis IS NOT NULL AND basis <> head.revision THEN
        RAISE EXCEPTION 'moved' USING ERRCODE = 'SY002';
      END IF;
      made := head.revision + 1;
      FOR i IN 1 .. cardinality(ops) LOOP
        IF ops[i] = 'delete' THEN
          UPDATE sallyport.state_record SET value = NULL, revision = made, deleted_at = clock_timestamp()
          WHERE kind = kinds[i] AND key = keys[i] AND deleted_at IS NULL;
        ELSE
          INSERT INTO sallyport.state_record AS r (kind, key, value, revision) VALUES (kinds[i], keys[i], vals[i], made)
          ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, revision = made, deleted_at = NULL
          WHERE ops[i] = 'put' OR r.deleted_at IS NOT NULL;
          IF NOT FOUND THEN RAISE EXCEPTION 'exists' USING ERRCODE = 'SY001'; END IF;
        END IF;
      END LOOP;
      WITH gone AS (
        DELETE FROM sallyport.state_record WHERE (kind, key) IN (
          SELECT kind, key FROM sallyport.state_record WHERE deleted_at < clock_timestamp() - interval '1 hour' LIMIT 1000)
        RETURNING revision)
      SELECT max(revision) INTO forgotten FROM gone;
      UPDATE sallyport.state_head SET revision = made, horizon = greatest(horizon, forgotten);
      RETURN made;
    END $$;

    -- One row per running gateway, and per gateway that is gone. A dead one never comes back to life: it starts as another.
    CREATE TABLE sallyport.replica (
      id text PRIMARY KEY CHECK (length(id) <= 100),
      started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      dead boolean NOT NULL DEFAULT false
    );

    -- False: this replica was given up (see audit_bury). Rows of the dead go after thirty days.
    CREATE FUNCTION sallyport.beat_replica(replica_id text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      DELETE FROM sallyport.replica WHERE dead AND seen_at < clock_timestamp() - interval '30 days';
      INSERT INTO sallyport.replica AS r (id) VALUES (replica_id)
      ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp() WHERE NOT r.dead;
      RETURN FOUND;
    END $$;

    CREATE FUNCTION sallyport.end_replica(replica_id text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      UPDATE sallyport.replica SET dead = true WHERE id = replica_id;
    $$;

    CREATE TABLE sallyport.lease (
      name text PRIMARY KEY CHECK (length(name) <= 100),
      holder text NOT NULL,
      expires_at timestamptz NOT NULL
    );

    -- Takes or renews a lease; true when nobody else has it for so long from now, by the clock of the database.
    CREATE FUNCTION sallyport.hold_lease(lease_name text, wanted_by text, ttl_ms bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      INSERT INTO sallyport.lease AS l (name, holder, expires_at)
      VALUES (lease_name, wanted_by, clock_timestamp() + ttl_ms * interval '1 millisecond')
      ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = clock_timestamp() + ttl_ms * interval '1 millisecond'
      WHERE l.holder = wanted_by OR l.expires_at <= clock_timestamp();
      RETURN FOUND;
    END $$;

    CREATE FUNCTION sallyport.release_lease(lease_name text, held_by text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      DELETE FROM sallyport.lease WHERE name = lease_name AND holder = held_by;
    $$;

    REVOKE ALL ON FUNCTION sallyport.state_since, sallyport.commit_state, sallyport.beat_replica, sallyport.end_replica,
      sallyport.hold_lease, sallyport.release_lease FROM PUBLIC;
    GRANT SELECT ON sallyport.state_head, sallyport.state_record, sallyport.replica, sallyport.lease TO sallyport_gateway;
    GRANT EXECUTE ON FUNCTION sallyport.state_since, sallyport.commit_state, sallyport.beat_replica, sallyport.end_replica,
      sallyport.hold_lease, sallyport.release_lease TO sallyport_gateway;
    GRANT SELECT ON sallyport.lease TO sallyport_keeper;
    GRANT EXECUTE ON FUNCTION sallyport.hold_lease, sallyport.release_lease TO sallyport_keeper;
  `,
}
