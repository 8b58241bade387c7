import type { Migration } from '../migrate.ts'

/**
 * Sliding-window budgets. Calls of a budget are numbered without gaps, their times never fall, and so the call numbered
 * `next − callsMax` alone says whether there is room: one look-up by primary key, whatever the size of the window. `first` is the
 * oldest call kept; older ones are not needed by any window a manifest can state (100,000 calls, 24 hours).
 *
 * Both functions run as their owner: the gateway's role can take a call and give its own back, and cannot touch the rows.
 */
export const budgets: Migration = {
  id: 4,
  name: 'budgets',
  sql: `
    -- Nothing that changes with a call is indexed: updates stay on their page.
    CREATE TABLE sallyport.budget (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      key text NOT NULL UNIQUE CHECK (length(key) <= 2000),
      first bigint NOT NULL DEFAULT 0,
      next bigint NOT NULL DEFAULT 0,
      last_at timestamptz NOT NULL DEFAULT '-infinity'
    ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

    CREATE TABLE sallyport.budget_call (
      budget bigint NOT NULL,
      seq bigint NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (budget, seq)
    );

    -- Locks the row of each key, sorted, so that no two takers wait for each other; made if it is not there.
    CREATE FUNCTION sallyport.lock_budgets(keys text[]) RETURNS SETOF sallyport.budget LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      wanted text;
      found_row sallyport.budget;
    BEGIN
      FOREACH wanted IN ARRAY ARRAY(SELECT DISTINCT k COLLATE "C" AS k FROM unnest(keys) AS k ORDER BY k) LOOP
        LOOP
          SELECT * INTO found_row FROM sallyport.budget WHERE key = wanted FOR UPDATE;
          EXIT WHEN FOUND;
          INSERT INTO sallyport.budget (key) VALUES (wanted) ON CONFLICT (key) DO NOTHING;
        END LOOP;
        RETURN NEXT found_row;
      END LOOP;
    END $$;

    -- Takes one call from each budget or from none. 'exhausted' is the position in 'keys' of the first budget without room.
    CREATE FUNCTION sallyport.take_calls(keys text[], calls_max int[], windows_ms bigint[],
      OUT at_us bigint, OUT exhausted int, OUT retry_us bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
    DECLARE
      locked sallyport.budget[];
      one sallyport.budget;
      now_at timestamptz;
      held_at timestamptz;
      frees_at timestamptz;
    BEGIN
      -- Local to the transaction this statement is: its commit does not wait for the disk. See stores/postgres/budgets.ts.
      PERFORM set_config('synchronous_commit', 'off', true);
      SELECT array_agg(b) INTO locked FROM sallyport.lock_budgets(keys) AS b;
      -- Read under the locks, and never before the last call of any of them: a clock set back loosens nothing.
      SELECT greatest(clock_timestamp(), max(b.last_at)) INTO now_at FROM unnest(locked) AS b;
      FOR i IN 1 .. cardinality(keys) LOOP
        SELECT * INTO one FROM unnest(locked) AS b WHERE b.key = keys[i];
        CONTINUE WHEN one.next - calls_max[i] < one.first;
        SELECT at INTO STRICT held_at FROM sallyport.budget_call WHERE budget = one.id AND seq = one.next - calls_max[i];
        frees_at := held_at + windows_ms[i] * interval '1 millisecond';
        IF frees_at > now_at THEN
          exhausted := i;
          retry_us := round(extract(epoch FROM frees_at - now_at) * 1000000);
          RETURN;
        END IF;
      END LOOP;
      FOREACH one IN ARRAY coalesce(locked, '{}') LOOP
        INSERT INTO sallyport.budget_call (budget, seq, at) VALUES (one.id, one.next, now_at);
        -- Two steps of forgetting for each call taken: it catches up, and no call pays for a pile. Ten thousand more are kept than
        -- any window holds: giving calls back moves 'next' down, and what that uncovers must still be there.
        FOR step IN 1 .. 2 LOOP
          DELETE FROM sallyport.budget_call
          WHERE budget = one.id AND seq = one.first AND (seq <= one.next - 110000 OR at <= now_at - interval '24 hours');
          EXIT WHEN NOT FOUND;
          one.first := one.first + 1;
        END LOOP;
        UPDATE sallyport.budget SET first = one.first, next = one.next + 1, last_at = now_at WHERE id = one.id;
      END LOOP;
      at_us := round(extract(epoch FROM now_at) * 1000000);
    END $$;

    -- Gives back the call taken at that moment. Calls of one moment are alike; those after it move up one number.
    CREATE FUNCTION sallyport.give_back_calls(keys text[], taken_us bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
    DECLARE
      one sallyport.budget;
      hole bigint;
      found_at timestamptz;
      taken_at timestamptz := timestamptz 'epoch' + taken_us * interval '1 microsecond';
    BEGIN
      FOR one IN SELECT * FROM sallyport.lock_budgets(keys) LOOP
        SELECT seq, at INTO hole, found_at FROM sallyport.budget_call
        WHERE budget = one.id AND seq >= one.first AND at <= taken_at ORDER BY seq DESC LIMIT 1;
        CONTINUE WHEN found_at IS DISTINCT FROM taken_at;
        UPDATE sallyport.budget_call AS c SET at = later.at FROM sallyport.budget_call AS later
        WHERE c.budget = one.id AND c.seq >= hole AND later.budget = one.id AND later.seq = c.seq + 1;
        DELETE FROM sallyport.budget_call WHERE budget = one.id AND seq = one.next - 1;
        UPDATE sallyport.budget SET next = one.next - 1 WHERE id = one.id;
      END LOOP;
    END $$;

    -- Forgets budgets nobody drew on for longer than any window, a bite at a time. Rows in use are left alone.
    CREATE FUNCTION sallyport.drop_idle_budgets() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      one sallyport.budget;
    BEGIN
      FOR one IN SELECT * FROM sallyport.budget WHERE last_at <= clock_timestamp() - interval '25 hours'
        ORDER BY last_at LIMIT 20 FOR UPDATE SKIP LOCKED
      LOOP
        DELETE FROM sallyport.budget_call WHERE budget = one.id AND seq >= one.first AND seq < one.first + 5000;
        IF one.first + 5000 >= one.next THEN
          DELETE FROM sallyport.budget WHERE id = one.id;
        ELSE
          UPDATE sallyport.budget SET first = one.first + 5000 WHERE id = one.id;
        END IF;
      END LOOP;
    END $$;

    REVOKE ALL ON FUNCTION sallyport.lock_budgets, sallyport.take_calls, sallyport.give_back_calls, sallyport.drop_idle_budgets FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION sallyport.take_calls, sallyport.give_back_calls, sallyport.drop_idle_budgets TO sallyport_gateway;
  `,
}
