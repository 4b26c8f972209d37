SELECT json_build_object(
    'deadlocks', (SELECT coalesce(sum(deadlocks), 0)::bigint FROM pg_stat_database),
    'blocks_hit', blks_hit,
    'blocks_read', blks_read,
    -- Where pg_stat_statements lives, and whether it has the columns of PostgreSQL 13 and later.
    'statements', (
        SELECT json_build_object(
            'view', quote_ident(n.nspname) || '.pg_stat_statements',
            'exec_columns', EXISTS (
                SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                WHERE c.relname = 'pg_stat_statements' AND c.relnamespace = n.oid AND a.attname = 'mean_exec_time'))
        FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements'))
FROM pg_stat_database WHERE datname = current_database()
