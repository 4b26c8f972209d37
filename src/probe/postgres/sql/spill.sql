SET LOCAL work_mem = '64kB';
SELECT json_build_object('rows', count(*)) FROM (
    SELECT text FROM (SELECT repeat('x', 100) || n AS text FROM generate_series(1, 2000) n) t ORDER BY text OFFSET 0) s
