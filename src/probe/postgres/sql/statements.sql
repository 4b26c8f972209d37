SELECT json_build_object('statements', coalesce(json_agg(s), '[]')) FROM (
    SELECT round(MEAN::numeric, 3) AS mean_ms, round(TOTAL::numeric, 1) AS total_ms, calls, rows,
        left(query, 2000) AS query
    FROM VIEW
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY MEAN DESC LIMIT 10) s
