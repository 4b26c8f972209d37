SELECT json_build_object(
    'in_recovery', pg_is_in_recovery(),
    'version', current_setting('server_version'),
    'started_at', to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'max_connections', current_setting('max_connections')::bigint,
    -- reserved_connections: PostgreSQL 16 and later
    'reserved_connections', current_setting('superuser_reserved_connections')::bigint
        + coalesce(current_setting('reserved_connections', true)::bigint, 0),
    -- A monitoring role is often made read-only itself; that says nothing about the server.
    'read_only', (
        SELECT setting = 'on' AND source NOT IN ('user', 'database user', 'client', 'session')
        FROM pg_settings WHERE name = 'default_transaction_read_only'),
    'database', current_database(),
    'role', current_user)
