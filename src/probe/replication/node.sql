SELECT json_build_object(
    'in_recovery', pg_is_in_recovery(),
    'role', current_user,
    -- Two servers with different identifiers are not copies of each other. As text: it does not fit a JSON number.
    'system_identifier', (SELECT system_identifier::text FROM pg_control_system()),
    'written', CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint END,
    'received', CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::bigint END,
    'replayed', CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint END,
    'replayed_age_seconds', CASE WHEN pg_is_in_recovery()
        THEN round(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::numeric, 3) END,
    'paused', CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END,
    'receiver', (
        -- Everything but the process is hidden from roles without pg_monitor.
        SELECT json_build_object('status', status, 'slot', slot_name) FROM pg_stat_wal_receiver WHERE pid IS NOT NULL),
    'senders', (
        SELECT coalesce(json_agg(s), '[]') FROM (
            SELECT r.application_name AS application, host(r.client_addr) AS address, r.state, r.sync_state,
                l.slot_name AS slot, l.slot_type,
                pg_wal_lsn_diff(r.flush_lsn, '0/0')::bigint AS flushed,
                pg_wal_lsn_diff(r.replay_lsn, '0/0')::bigint AS replayed,
                round(extract(epoch FROM r.replay_lag)::numeric, 3) AS replay_lag_seconds,
                -- reply_time: PostgreSQL 12 and later
                round(extract(epoch FROM clock_timestamp() - (to_jsonb(r) ->> 'reply_time')::timestamptz)::numeric, 3)
                    AS reply_age_seconds
            FROM pg_stat_replication r LEFT JOIN pg_replication_slots l ON l.active_pid = r.pid
            WHERE r.state IS DISTINCT FROM 'backup'
            ORDER BY r.application_name, r.client_addr LIMIT 50) s),
    'slots', (
        SELECT coalesce(json_agg(s), '[]') FROM (
            SELECT slot_name AS name, slot_type AS type, active,
                pg_wal_lsn_diff(
                    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                    restart_lsn)::bigint AS retained_wal_bytes,
                -- wal_status: PostgreSQL 13 and later
                to_jsonb(r) ->> 'wal_status' AS wal_status
            FROM pg_replication_slots r WHERE NOT temporary
            ORDER BY slot_name LIMIT 50) s))
