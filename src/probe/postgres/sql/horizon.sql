SELECT json_build_object(
    'wraparound', (
        SELECT json_build_object('database', datname, 'xid_age', xid_age, 'multixact_age', multixact_age) FROM (
            SELECT datname, age(datfrozenxid) AS xid_age, mxid_age(datminmxid) AS multixact_age FROM pg_database) d
        ORDER BY greatest(xid_age, multixact_age) DESC LIMIT 1),
    -- How many IDs before the end no new one is given out (SetTransactionIdLimit).
    'reserve', CASE WHEN current_setting('server_version_num')::int >= 140000 THEN 3000000 ELSE 1000000 END,
    'freeze_min_age', current_setting('vacuum_freeze_min_age')::bigint,
    'holders', (
        SELECT coalesce(json_agg(h), '[]') FROM (
            SELECT 'prepared transaction' AS kind, gid AS name, database::text AS database, age(transaction) AS age,
                round(extract(epoch FROM clock_timestamp() - prepared)::numeric, 3) AS seconds
            FROM pg_prepared_xacts
            UNION ALL
            SELECT 'slot', slot_name::text, database::text, greatest(age(xmin), age(catalog_xmin)), NULL
            FROM pg_replication_slots WHERE xmin IS NOT NULL OR catalog_xmin IS NOT NULL
            ORDER BY age DESC LIMIT 20) h))
