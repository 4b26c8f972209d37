SELECT json_build_object(
    'in_recovery', pg_is_in_recovery(),
    'role', current_user,
    -- Two servers with different identifiers are not copies of each other. As text: it does not fit a JSON number.
    'system_identifier', (SELECT system_identifier::text FROM pg_control_system()),
    -- As the server was started: what a role sets for itself says nothing about others.
    'read_only', (
        SELECT setting = 'on' AND source NOT IN ('user', 'database user', 'client', 'session')
        FROM pg_settings WHERE name = 'default_transaction_read_only'),
    -- A standby that does not stream is at least where it would be consistent.
    'timeline', CASE WHEN NOT pg_is_in_recovery()
        THEN ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
        ELSE coalesce(
            (SELECT received_tli FROM pg_stat_wal_receiver),
            (SELECT greatest(c.timeline_id, r.min_recovery_end_timeline) FROM pg_control_checkpoint() c, pg_control_recovery() r))
        END,
    'written', CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint END,
    'received', CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::bigint END,
    'replayed', CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint END,
    'replayed_age_seconds', CASE WHEN pg_is_in_recovery()
        THEN round(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::numeric, 3) END,
    'paused', CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END,
    'receiver', (
        -- Everything but the process is hidden from roles without pg_monitor.
        SELECT json_build_object(
            'status', status, 'slot', slot_name,
            -- The sender's end of WAL, whatever the documentation of latest_end_lsn says (walreceiver.c, ProcessWalSndrMessage).
            'upstream', pg_wal_lsn_diff(latest_end_lsn, '0/0')::bigint)
        FROM pg_stat_wal_receiver WHERE pid IS NOT NULL),
    -- Settings since PostgreSQL 12; primary_conninfo is hidden from roles without pg_monitor.
    'archive_fed', CASE
        WHEN NOT pg_is_in_recovery() OR coalesce(current_setting('restore_command', true), '') = '' THEN false
        ELSE (SELECT setting = '' FROM pg_settings WHERE name = 'primary_conninfo') END,
    'senders', (
        SELECT coalesce(json_agg(s), '[]') FROM (
            SELECT r.application_name AS application, host(r.client_addr) AS address, r.state, r.sync_state,
                l.slot_name AS slot, l.slot_type,
                -- Logical replication runs in a database, a standby or a backup in none.
                a.datid IS NOT NULL AS in_database,
                pg_wal_lsn_diff(r.flush_lsn, '0/0')::bigint AS flushed,
                pg_wal_lsn_diff(r.replay_lsn, '0/0')::bigint AS replayed,
                round(extract(epoch FROM r.flush_lag)::numeric, 3) AS flush_lag_seconds,
                round(extract(epoch FROM r.replay_lag)::numeric, 3) AS replay_lag_seconds,
                -- reply_time: PostgreSQL 12 and later
                round(extract(epoch FROM clock_timestamp() - (to_jsonb(r) ->> 'reply_time')::timestamptz)::numeric, 3)
                    AS reply_age_seconds
            FROM pg_stat_replication r
                LEFT JOIN pg_replication_slots l ON l.active_pid = r.pid
                LEFT JOIN pg_stat_activity a ON a.pid = r.pid
            ORDER BY a.datid IS NOT NULL, r.replay_lsn IS NULL, r.application_name, r.client_addr LIMIT 50) s),
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
