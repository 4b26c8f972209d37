WITH client AS (
    SELECT pid, usename, datname, state, wait_event_type, wait_event, left(query, 2000) AS query,
        coalesce(query = '<insufficient privilege>', false) AS hidden,
        round(extract(epoch FROM clock_timestamp() - xact_start)::numeric, 3) AS transaction_seconds,
        round(extract(epoch FROM clock_timestamp() - query_start)::numeric, 3) AS query_seconds,
        CASE WHEN wait_event_type = 'Lock' THEN pg_blocking_pids(pid) END AS blockers
    FROM pg_stat_activity
    -- The kind of backend is hidden from roles without pg_monitor; a database and a user are the next best sign of a client.
    WHERE coalesce(backend_type = 'client backend', datid IS NOT NULL AND usesysid IS NOT NULL)
)
SELECT json_build_object(
    'used', count(*),
    'hidden', count(*) FILTER (WHERE hidden),
    -- State and waits of hidden sessions are NULL: a count that leaves them out would be too small.
    'active', CASE WHEN NOT bool_or(hidden) THEN count(*) FILTER (WHERE state = 'active') END,
    'idle', CASE WHEN NOT bool_or(hidden) THEN count(*) FILTER (WHERE state = 'idle') END,
    'idle_in_transaction', CASE WHEN NOT bool_or(hidden) THEN count(*) FILTER (WHERE state LIKE 'idle in transaction%') END,
    'waiting', CASE WHEN NOT bool_or(hidden) THEN count(*) FILTER (WHERE wait_event_type = 'Lock') END,
    'blocked', CASE WHEN NOT bool_or(hidden) THEN count(*) FILTER (WHERE cardinality(blockers) > 0) END,
    'transactions', (
        SELECT coalesce(json_agg(t), '[]') FROM (
            SELECT transaction_seconds AS seconds, pid, usename AS "user", datname AS database, state,
                wait_event_type || ': ' || wait_event AS waits_for, query
            FROM client
            WHERE transaction_seconds IS NOT NULL AND pid <> pg_backend_pid()
            ORDER BY transaction_seconds DESC LIMIT 10) t),
    'blocked_sessions', (
        SELECT coalesce(json_agg(b), '[]') FROM (
            SELECT query_seconds AS seconds, pid, array_to_string(blockers, ', ') AS blocked_by,
                usename AS "user", datname AS database, query
            FROM client
            WHERE cardinality(blockers) > 0
            ORDER BY query_seconds DESC NULLS LAST LIMIT 20) b))
FROM client
