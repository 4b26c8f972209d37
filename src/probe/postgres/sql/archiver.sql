SELECT json_build_object(
    'enabled', current_setting('archive_mode') <> 'off',
    'last_archived_wal', last_archived_wal,
    'last_archived_age_seconds', round(extract(epoch FROM clock_timestamp() - last_archived_time)::numeric, 3),
    'failed_count', failed_count,
    'last_failed_wal', last_failed_wal,
    'last_failed_age_seconds', round(extract(epoch FROM clock_timestamp() - last_failed_time)::numeric, 3),
    'failing', coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false),
    'position_bytes', CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') END,
    'segment_bytes', pg_size_bytes(current_setting('wal_segment_size')),
    'max_wal_bytes', pg_size_bytes(current_setting('max_wal_size')),
    -- Only a standby reports what it replays; without pg_monitor nothing of that is visible.
    'replicas', (SELECT CASE WHEN NOT coalesce(bool_or(state IS NULL), false) THEN count(*) FILTER (
            WHERE replay_lsn IS NOT NULL AND pid NOT IN (
                SELECT active_pid FROM pg_replication_slots WHERE slot_type = 'logical' AND active_pid IS NOT NULL))
        END FROM pg_stat_replication))
FROM pg_stat_archiver
