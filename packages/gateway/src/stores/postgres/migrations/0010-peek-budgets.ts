import type { Migration } from '../migrate.ts'

/**
 * Looking at budgets of calls without taking: for acts that are only asked about. It locks nothing, so that a question keeps nobody
 * waiting; being STABLE it sees one snapshot of all of them.
 */
export const peekBudgets: Migration = {
  id: 10,
  name: 'peek-budgets',
  sql: `
    -- The position in 'keys' of the first budget without room, as 'take_calls' would answer.
    CREATE FUNCTION sallyport.peek_calls(keys text[], calls_max int[], windows_ms bigint[], OUT exhausted int, OUT retry_us bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      one sallyport.budget;
      now_at timestamptz;
      held_at timestamptz;
      frees_at timestamptz;
    BEGIN
      SELECT greatest(clock_timestamp(), max(b.last_at)) INTO now_at FROM sallyport.budget AS b WHERE b.key = ANY (keys);
      FOR i IN 1 .. cardinality(keys) LOOP
        SELECT * INTO one FROM sallyport.budget AS b WHERE b.key = keys[i];
        CONTINUE WHEN NOT FOUND OR one.next - calls_max[i] < one.first;
        SELECT at INTO STRICT held_at FROM sallyport.budget_call WHERE budget = one.id AND seq = one.next - calls_max[i];
        frees_at := held_at + windows_ms[i] * interval '1 millisecond';
        IF frees_at > now_at THEN
          exhausted := i;
          retry_us := round(extract(epoch FROM frees_at - now_at) * 1000000);
          RETURN;
        END IF;
      END LOOP;
    END $$;

    REVOKE ALL ON FUNCTION sallyport.peek_calls FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION sallyport.peek_calls TO sallyport_gateway;
  `,
}
