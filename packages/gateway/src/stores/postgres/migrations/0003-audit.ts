import type { Migration } from '../migrate.ts'

/**
 * The audit log. The data-plane role holds no right on its tables: it appends through functions that run as the owner, which
 * compare with the head, refuse what a closed act or a dead replica sends, and know no update and no delete of an entry.
 *
 * - `audit_head`: one row per log; `last_ms` is the time of the newest entry.
 * - `audit_entry`: `leaf` is the RFC 6962 leaf hash of `bytes`, computed here from what was stored.
 * - `audit_tile`: full tiles of level 0, and of the levels above also the one that still grows.
 * - `audit_open_act`: allowed decisions without outcome, by the replica that carries them out.
 * - `audit_writer`: where a replica's newest group ended, and the era below which its late statements are refused.
 *
 * Every function that writes takes the log's advisory lock first, so there is one order of groups whoever sends them. What reads
 * ranges of a log is not compiled (jit): guessed by the size of the log that pays, and it would be done under that lock.
 */
export const audit: Migration = {
  id: 3,
  name: 'audit',
  sql: `
    CREATE TABLE sallyport.audit_head (
      log int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      origin text NOT NULL UNIQUE CHECK (octet_length(origin) BETWEEN 1 AND 255),
      size bigint NOT NULL DEFAULT 0,
      root bytea NOT NULL DEFAULT sha256(''::bytea),
      last_ms bigint NOT NULL DEFAULT 0,
      checkpoint_size bigint NOT NULL DEFAULT -1,
      checkpoint text CHECK (octet_length(checkpoint) <= 65536)
    );
    CREATE TABLE sallyport.audit_entry (
      log int NOT NULL,
      index bigint NOT NULL,
      leaf bytea NOT NULL,
      bytes bytea NOT NULL CHECK (octet_length(bytes) BETWEEN 1 AND 65535),
      PRIMARY KEY (log, index)
    );
    CREATE TABLE sallyport.audit_tile (
      log int NOT NULL,
      level smallint NOT NULL,
      n bigint NOT NULL,
      hashes bytea NOT NULL CHECK (octet_length(hashes) BETWEEN 32 AND 8192),
      PRIMARY KEY (log, level, n)
    );
    CREATE TABLE sallyport.audit_open_act (
      log int NOT NULL,
      decision bigint NOT NULL,
      act text NOT NULL,
      replica text NOT NULL,
      PRIMARY KEY (log, decision)
    );
    CREATE TABLE sallyport.audit_writer (
      log int NOT NULL,
      replica text NOT NULL,
      era bigint NOT NULL DEFAULT 0,
      tail bigint NOT NULL DEFAULT 0,
      PRIMARY KEY (log, replica)
    );

    CREATE FUNCTION sallyport.audit_is_alive(p_replica text) RETURNS boolean LANGUAGE sql STABLE AS $$
      SELECT EXISTS (SELECT FROM sallyport.replica r WHERE r.id = p_replica AND NOT r.dead)
    $$;

    -- The sequencer: whoever holds this lock may read the head and extend the log until its transaction ends.
    CREATE FUNCTION sallyport.audit_hold(p_origin text) RETURNS sallyport.audit_head LANGUAGE plpgsql AS $$
    DECLARE head sallyport.audit_head;
    BEGIN
      PERFORM set_config('lock_timeout', '2000', true);
      -- A replica that stops while it holds the lock loses it.
      PERFORM set_config('idle_in_transaction_session_timeout', '1000', true);
      IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
      END IF;
      SELECT h.* INTO head FROM sallyport.audit_head h WHERE h.origin = p_origin;
      IF head.log IS NULL THEN RAISE EXCEPTION 'no such log'; END IF;
      PERFORM pg_advisory_xact_lock(7711203, head.log);
      SELECT h.* INTO head FROM sallyport.audit_head h WHERE h.origin = p_origin;
      RETURN head;
    END $$;

    CREATE FUNCTION sallyport.audit_state(p_origin text, OUT size bigint, OUT root bytea, OUT last_ms bigint, OUT checkpoint text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT h.size, h.root, h.last_ms, h.checkpoint FROM sallyport.audit_head h WHERE h.origin = p_origin
    $$;

    -- Makes the log when it is new. With the head, the hashes of the rightmost partial tile of every level.
    CREATE FUNCTION sallyport.audit_open(p_origin text, OUT size bigint, OUT root bytea, OUT last_ms bigint, OUT checkpoint text,
      OUT has_rest boolean, OUT levels bytea[])
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    DECLARE head sallyport.audit_head;
    BEGIN
      INSERT INTO sallyport.audit_head (origin) VALUES (p_origin) ON CONFLICT DO NOTHING;
      head := sallyport.audit_hold(p_origin);
      size := head.size; root := head.root; last_ms := head.last_ms; checkpoint := head.checkpoint;
      has_rest := EXISTS (SELECT FROM sallyport.audit_entry e WHERE e.log = head.log AND e.index >= head.size);
      SELECT ARRAY[COALESCE(string_agg(e.leaf, ''::bytea ORDER BY e.index), ''::bytea)] INTO levels
        FROM sallyport.audit_entry e WHERE e.log = head.log AND e.index >= (head.size >> 8) << 8;
      FOR i IN 1..6 LOOP
        EXIT WHEN head.size >> (8 * i) = 0;
        levels := levels || COALESCE((SELECT t.hashes FROM sallyport.audit_tile t
          WHERE t.log = head.log AND t.level = i AND t.n = head.size >> (8 * (i + 1))), ''::bytea);
      END LOOP;
    END $$;

    -- Leaf hashes from an index on, at most 65,536 of them: how a replica follows what the others append.
    CREATE FUNCTION sallyport.audit_leaves(p_origin text, p_from bigint, OUT size bigint, OUT root bytea, OUT last_ms bigint, OUT leaves bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
      SELECT h.size, h.root, h.last_ms,
        (SELECT string_agg(e.leaf, ''::bytea ORDER BY e.index) FROM sallyport.audit_entry e
          WHERE e.log = h.log AND e.index >= p_from AND e.index < LEAST(h.size, p_from + 65536))
      FROM sallyport.audit_head h WHERE h.origin = p_origin
    $$;

    -- Takes the lock for the rest of the transaction, and tells what was appended since.
    CREATE FUNCTION sallyport.audit_begin(p_origin text, p_from bigint, OUT size bigint, OUT root bytea, OUT last_ms bigint, OUT leaves bytea)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    BEGIN
      PERFORM sallyport.audit_hold(p_origin);
      SELECT l.* INTO size, root, last_ms, leaves FROM sallyport.audit_leaves(p_origin, p_from) l;
    END $$;

    -- Appends a group if the log still ends where the caller thinks. The answer says what became of it: "done", "moved" (somebody
    -- else appended), "fenced" (a statement of an era its sender gave up on), "dead" (the replica was declared dead), "skewed"
    -- (its clock runs ahead), or "closed" with the decisions whose act is not open any more. Only "done" has written anything.
    CREATE FUNCTION sallyport.audit_append(p jsonb, p_bytes bytea) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      head sallyport.audit_head;
      me text := p->>'replica';
      now_ms bigint := extract(epoch FROM clock_timestamp()) * 1000;
      added bigint := jsonb_array_length(p->'lengths');
      refused jsonb;
      changed bigint;
    BEGIN
      head := sallyport.audit_hold(p->>'origin');
      IF NOT sallyport.audit_is_alive(me) THEN RETURN '{"is":"dead"}'; END IF;
      IF EXISTS (SELECT FROM sallyport.audit_writer w WHERE w.log = head.log AND w.replica = me AND w.era > (p->>'era')::bigint) THEN
        RETURN '{"is":"fenced"}';
      END IF;
      IF head.size <> (p->>'size')::bigint OR head.root <> decode(p->>'root', 'hex') OR head.last_ms > (p->>'firstMs')::bigint THEN
        RETURN '{"is":"moved"}';
      END IF;
      IF (p->>'lastMs')::bigint > now_ms + (p->>'skewMs')::bigint THEN RETURN '{"is":"skewed"}'; END IF;
      SELECT jsonb_agg(c.value->0) INTO refused FROM jsonb_array_elements(p->'closes') c WHERE NOT EXISTS (
        SELECT FROM sallyport.audit_open_act o
        WHERE o.log = head.log AND o.decision = (c.value->>0)::bigint AND o.act = c.value->>1
          AND (o.replica = me OR (c.value->>2 = 'unknown' AND NOT sallyport.audit_is_alive(o.replica))));
      IF refused IS NOT NULL THEN RETURN jsonb_build_object('is', 'closed', 'decisions', refused); END IF;

      INSERT INTO sallyport.audit_entry (log, index, leaf, bytes)
        SELECT head.log, head.size + e.n - 1, sha256('\\x00'::bytea || e.bytes), e.bytes FROM (
          SELECT l.n, substring(p_bytes FROM (sum(l.bytes) OVER (ORDER BY l.n) - l.bytes + 1)::int FOR l.bytes) AS bytes
          FROM (SELECT x.n, x.value::int AS bytes FROM jsonb_array_elements_text(p->'lengths') WITH ORDINALITY x(value, n)) l) e;
      INSERT INTO sallyport.audit_tile AS t (log, level, n, hashes)
        SELECT head.log, (x.value->>0)::smallint, (x.value->>1)::bigint, decode(x.value->>2, 'hex') FROM jsonb_array_elements(p->'tiles') x
        ON CONFLICT (log, level, n) DO UPDATE SET hashes = EXCLUDED.hashes
        -- A tile grows to the right and never changes.
        WHERE substring(EXCLUDED.hashes FROM 1 FOR octet_length(t.hashes)) = t.hashes;
      GET DIAGNOSTICS changed = ROW_COUNT;
      IF changed <> jsonb_array_length(p->'tiles') THEN RAISE EXCEPTION 'a tile would change'; END IF;
      INSERT INTO sallyport.audit_open_act (log, decision, act, replica)
        SELECT head.log, (x.value->>0)::bigint, x.value->>1, me FROM jsonb_array_elements(p->'opens') x;
      DELETE FROM sallyport.audit_open_act o USING jsonb_array_elements(p->'closes') c
        WHERE o.log = head.log AND o.decision = (c.value->>0)::bigint;
      GET DIAGNOSTICS changed = ROW_COUNT;
      IF changed <> jsonb_array_length(p->'closes') THEN RAISE EXCEPTION 'an act would be closed twice'; END IF;
      UPDATE sallyport.audit_head h SET size = head.size + added, root = decode(p->>'newRoot', 'hex'), last_ms = (p->>'lastMs')::bigint
        WHERE h.log = head.log;
      INSERT INTO sallyport.audit_writer AS w (log, replica, tail) VALUES (head.log, me, head.size + added)
        ON CONFLICT (log, replica) DO UPDATE SET tail = EXCLUDED.tail;
      RETURN '{"is":"done"}';
    END $$;

    -- Answers whether a group whose answer was lost is in the log, for good: what its sender sent before this is refused from now on.
    CREATE FUNCTION sallyport.audit_settle(p_origin text, p_replica text, p_era bigint, OUT tail bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE head sallyport.audit_head;
    BEGIN
      head := sallyport.audit_hold(p_origin);
      INSERT INTO sallyport.audit_writer AS w (log, replica, era) VALUES (head.log, p_replica, p_era)
        ON CONFLICT (log, replica) DO UPDATE SET era = GREATEST(w.era, EXCLUDED.era) RETURNING w.tail INTO tail;
    END $$;

    -- Never goes back to a smaller checkpoint, and never past the entries.
    CREATE FUNCTION sallyport.audit_publish(p_origin text, p_size bigint, p_root bytea, p_note text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      UPDATE sallyport.audit_head h SET checkpoint = p_note, checkpoint_size = p_size
        WHERE h.origin = p_origin AND h.checkpoint_size < p_size AND p_size <= h.size AND (p_size < h.size OR h.root = p_root);
      RETURN FOUND;
    END $$;

    CREATE FUNCTION sallyport.audit_silent(p_silent_ms bigint) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT r.id FROM sallyport.replica r WHERE NOT r.dead AND r.seen_at < now() - p_silent_ms * interval '1 millisecond'
    $$;

    -- Declares a replica dead unless it was seen again: from here on it appends nothing.
    CREATE FUNCTION sallyport.audit_bury(p_origin text, p_replica text, p_silent_ms bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      PERFORM sallyport.audit_hold(p_origin);
      UPDATE sallyport.replica r SET dead = true
        WHERE r.id = p_replica AND NOT r.dead AND r.seen_at < now() - p_silent_ms * interval '1 millisecond';
      RETURN FOUND;
    END $$;

    -- Acts whose replica is dead or gone.
    CREATE FUNCTION sallyport.audit_orphans(p_origin text, p_max int, OUT decision bigint, OUT act text, OUT replica text) RETURNS SETOF record
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      SELECT o.decision, o.act, o.replica FROM sallyport.audit_open_act o
      WHERE o.log = (SELECT h.log FROM sallyport.audit_head h WHERE h.origin = p_origin) AND NOT sallyport.audit_is_alive(o.replica)
      ORDER BY o.decision LIMIT p_max
    $$;

    -- For the keeper: removes entries before an index, lowest first, some at a time; true while more are left. Tiles stay. It
    -- needs the entry, covered by a checkpoint, that says so.
    CREATE FUNCTION sallyport.audit_remove(p_origin text, p_to bigint, p_permit bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      head sallyport.audit_head;
      permit jsonb;
      first bigint;
    BEGIN
      SELECT h.* INTO head FROM sallyport.audit_head h WHERE h.origin = p_origin;
      SELECT convert_from(e.bytes, 'UTF8')::jsonb INTO permit FROM sallyport.audit_entry e
        WHERE e.log = head.log AND e.index = p_permit AND e.index < head.checkpoint_size;
      IF permit->>'verb' IS DISTINCT FROM 'log.pruned' OR (permit->'detail'->>'to')::bigint < p_to OR p_to % 256 <> 0 OR p_permit < p_to THEN
        RAISE EXCEPTION 'no entry says that this may go';
      END IF;
      SELECT min(e.index) INTO first FROM sallyport.audit_entry e WHERE e.log = head.log;
      DELETE FROM sallyport.audit_entry e WHERE e.log = head.log AND e.index < LEAST(p_to, first + 2048);
      RETURN first + 2048 < p_to;
    END $$;

    REVOKE ALL ON FUNCTION
      sallyport.audit_is_alive, sallyport.audit_hold, sallyport.audit_state, sallyport.audit_open, sallyport.audit_leaves,
      sallyport.audit_begin, sallyport.audit_append, sallyport.audit_settle, sallyport.audit_publish, sallyport.audit_silent,
      sallyport.audit_bury, sallyport.audit_orphans, sallyport.audit_remove FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION
      sallyport.audit_state, sallyport.audit_open, sallyport.audit_leaves, sallyport.audit_begin, sallyport.audit_append,
      sallyport.audit_settle, sallyport.audit_publish, sallyport.audit_silent, sallyport.audit_bury, sallyport.audit_orphans
      TO sallyport_gateway;
    GRANT EXECUTE ON FUNCTION sallyport.audit_remove TO sallyport_keeper;
    GRANT SELECT ON sallyport.audit_head, sallyport.audit_entry, sallyport.audit_tile TO sallyport_auditor;
  `,
}
