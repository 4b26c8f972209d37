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
    'replicas', (SELECT count(*) FROM pg_stat_replication))
FROM pg_stat_archiver
