SELECT json_build_object('size_bytes', pg_database_size(current_database()))
