import type { Migration } from '../migrate.ts'

/**
 * Budgets of amounts: tokens, calls and money of model calls. A window is kept in a thousand parts; what was taken in one part is
 * one row, so a budget has at most a thousand and one, whatever its window. A part counts until all of it has left the window.
 *
 * As for calls, the functions run as their owner and the gateway's role cannot touch the rows.
 */
export const spends: Migration = {
  id: 8,
  name: 'spends',
  sql: `
    CREATE TABLE sallyport.spend (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      key text NOT NULL UNIQUE CHECK (length(key) <= 2000),
      window_us bigint NOT NULL CHECK (window_us >= 1000000),
      last_us bigint NOT NULL DEFAULT 0
    ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

    CREATE TABLE sallyport.spend_slot (
      spend bigint NOT NULL,
      slot bigint NOT NULL,
      amount bigint NOT NULL CHECK (amount >= 0),
      PRIMARY KEY (spend, slot)
    ) WITH (fillfactor = 50);

    -- When a part has left the window, in microseconds.
    CREATE FUNCTION sallyport.spend_ends(slot bigint, window_us bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
    SET search_path = pg_catalog, pg_temp AS $$ SELECT (slot + 1) * (window_us / 1000) + window_us $$;

    -- Locks the row of each key, sorted, so that no two takers wait for each other; made if it is not there.
    CREATE FUNCTION sallyport.lock_spends(keys text[], windows_us bigint[]) RETURNS SETOF sallyport.spend LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      wanted record;
      found_row sallyport.spend;
    BEGIN
      FOR wanted IN SELECT DISTINCT ON (k COLLATE "C") k, w FROM unnest(keys, windows_us) AS asked(k, w) ORDER BY k COLLATE "C" LOOP
        LOOP
          SELECT * INTO found_row FROM sallyport.spend WHERE key = wanted.k FOR UPDATE;
          EXIT WHEN FOUND;
          INSERT INTO sallyport.spend (key, window_us) VALUES (wanted.k, wanted.w) ON CONFLICT (key) DO NOTHING;
        END LOOP;
        RETURN NEXT found_row;
      END LOOP;
    END $$;

    -- Takes one call from each budget of calls and an amount from each of amounts, or nothing from any. 'exhausted' and 'short' are
    -- the position of the first without room; 'used' is what was taken of the latter. Without 'retry_us' waiting does not help.
    CREATE FUNCTION sallyport.take_budgets(keys text[], calls_max int[], windows_ms bigint[],
      spend_keys text[], amounts bigint[], maxima bigint[], spend_windows_ms bigint[],
      OUT at_us bigint, OUT exhausted int, OUT retry_us bigint, OUT short int, OUT used bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
    DECLARE
      locked sallyport.spend[];
      one sallyport.spend;
      now_us bigint;
      calls record;
      frees_us bigint;
    BEGIN
      PERFORM set_config('synchronous_commit', 'off', true);
      SELECT array_agg(s) INTO locked
      FROM sallyport.lock_spends(spend_keys, ARRAY(SELECT w * 1000 FROM unnest(spend_windows_ms) AS w)) AS s;
      -- Read under the locks, and never before the last amount of any of them: a clock set back loosens nothing.
      SELECT greatest(round(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, max(s.last_us)) INTO now_us FROM unnest(locked) AS s;
      FOR i IN 1 .. cardinality(spend_keys) LOOP
        SELECT * INTO one FROM unnest(locked) AS s WHERE s.key = spend_keys[i];
        DELETE FROM sallyport.spend_slot WHERE spend = one.id AND sallyport.spend_ends(slot, one.window_us) <= now_us;
        SELECT coalesce(sum(amount), 0) INTO used FROM sallyport.spend_slot WHERE spend = one.id;
        IF used + amounts[i] > maxima[i] THEN
          short := i;
          SELECT min(sallyport.spend_ends(s.slot, one.window_us)) INTO frees_us FROM (
            SELECT slot, sum(amount) OVER (ORDER BY slot) AS freed FROM sallyport.spend_slot WHERE spend = one.id
          ) AS s WHERE used - s.freed + amounts[i] <= maxima[i];
          retry_us := frees_us - now_us;
          RETURN;
        END IF;
      END LOOP;
      at_us := now_us;
      IF cardinality(keys) > 0 THEN
        SELECT * INTO calls FROM sallyport.take_calls(keys, calls_max, windows_ms);
        at_us := calls.at_us;
        exhausted := calls.exhausted;
        retry_us := calls.retry_us;
        IF exhausted IS NOT NULL THEN
          RETURN;
        END IF;
      END IF;
      FOR i IN 1 .. cardinality(spend_keys) LOOP
        SELECT * INTO one FROM unnest(locked) AS s WHERE s.key = spend_keys[i];
        INSERT INTO sallyport.spend_slot AS s (spend, slot, amount) VALUES (one.id, at_us / (one.window_us / 1000), amounts[i])
        ON CONFLICT (spend, slot) DO UPDATE SET amount = s.amount + excluded.amount;
        UPDATE sallyport.spend SET last_us = greatest(last_us, at_us) WHERE id = one.id;
      END LOOP;
    END $$;

    -- Corrects what was taken at a moment. What has left its window is not changed any more.
    CREATE FUNCTION sallyport.change_spends(keys text[], changes bigint[], taken_us bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
    DECLARE
      wanted record;
      one sallyport.spend;
    BEGIN
      FOR wanted IN SELECT k, c FROM unnest(keys, changes) AS asked(k, c) ORDER BY k COLLATE "C" LOOP
        SELECT * INTO one FROM sallyport.spend WHERE key = wanted.k FOR UPDATE;
        CONTINUE WHEN NOT FOUND;
        UPDATE sallyport.spend_slot SET amount = greatest(0, amount + wanted.c)
        WHERE spend = one.id AND slot = taken_us / (one.window_us / 1000);
      END LOOP;
    END $$;

    -- Forgets budgets nobody drew on for longer than their window. Rows in use are left alone.
    CREATE FUNCTION sallyport.drop_idle_spends() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      one sallyport.spend;
    BEGIN
      FOR one IN SELECT * FROM sallyport.spend
        WHERE last_us + window_us + window_us / 1000 <= round(extract(epoch FROM clock_timestamp()) * 1000000)
        ORDER BY last_us LIMIT 20 FOR UPDATE SKIP LOCKED
      LOOP
        DELETE FROM sallyport.spend_slot WHERE spend = one.id;
        DELETE FROM sallyport.spend WHERE id = one.id;
      END LOOP;
    END $$;

    REVOKE ALL ON FUNCTION sallyport.spend_ends, sallyport.lock_spends, sallyport.take_budgets, sallyport.change_spends,
      sallyport.drop_idle_spends FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION sallyport.take_budgets, sallyport.change_spends, sallyport.drop_idle_spends TO sallyport_gateway;
  `,
}
