//! Tests of what is found in SQL.

use proptest::prelude::*;

use super::*;

fn one(sql: &str) -> SqlStatement {
    let script = analyse(sql);
    assert_eq!(script.problem, None, "{sql}");
    assert_eq!(script.statements.len(), 1, "{sql}: {:?}", script.statements);
    script.statements.into_iter().next().unwrap()
}

#[test]
fn verbs_and_objects_are_read() {
    use StatementKind as K;
    for (sql, kind, verb, objects) in [
        (
            "SELECT count(*) FROM public.users u JOIN orders o ON true WHERE a = ';'",
            K::Query,
            "SELECT",
            "public.users,orders",
        ),
        ("(select 1)", K::Query, "SELECT", ""),
        ("UPDATE ONLY users SET a = 1 WHERE id = 2", K::Update, "UPDATE", "users"),
        ("delete from \"Users\"", K::Delete, "DELETE", "Users"),
        ("DROP TABLE IF EXISTS a, b.c CASCADE", K::Drop, "DROP TABLE", "a,b.c"),
        ("DROP DATABASE portal", K::Drop, "DROP DATABASE", "portal"),
        ("DROP MATERIALIZED VIEW v", K::Drop, "DROP MATERIALIZED VIEW", "v"),
        ("TRUNCATE TABLE a, b", K::Truncate, "TRUNCATE", "a,b"),
        ("VACUUM FULL VERBOSE users", K::Vacuum, "VACUUM FULL", "users"),
        ("VACUUM (FULL, ANALYZE) users", K::Vacuum, "VACUUM FULL", "users"),
        ("VACUUM ANALYZE users", K::Vacuum, "VACUUM", "users"),
        ("REINDEX TABLE CONCURRENTLY users", K::Reindex, "REINDEX", "users"),
        ("ALTER USER app PASSWORD 'x'", K::Alter, "ALTER USER", "app"),
        ("ALTER SYSTEM SET work_mem = '1GB'", K::Alter, "ALTER SYSTEM", "SET"),
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)", K::Create, "CREATE INDEX", "i"),
        ("SELECT * INTO backup FROM users", K::Create, "SELECT INTO", "backup,users"),
        ("SELECT 1 FROM t FOR UPDATE", K::Query, "SELECT FOR UPDATE", "t"),
        ("COPY t FROM PROGRAM 'cat x'", K::Copy, "COPY", "t"),
        ("DO $$ BEGIN PERFORM 1; END $$", K::Do, "DO", ""),
        ("EXPLAIN (ANALYZE off) DELETE FROM t", K::Explain, "EXPLAIN", "t"),
        ("EXPLAIN ANALYZE DELETE FROM t", K::ExplainAnalyze, "EXPLAIN ANALYZE", "t"),
        ("GRANT SELECT ON TABLE t TO app", K::Grant, "GRANT", "t"),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY v", K::Other, "REFRESH MATERIALIZED VIEW", "v"),
        ("BEGIN", K::Transaction, "BEGIN", ""),
        ("SHOW work_mem", K::Show, "SHOW", ""),
    ] {
        let found = one(sql);
        assert_eq!((found.kind, found.verb.as_str()), (kind, verb), "{sql}");
        if !matches!(kind, K::Create) && verb != "ALTER SYSTEM" {
            assert_eq!(found.objects.join(","), objects, "{sql}");
        }
    }
}

#[test]
fn writes_inside_a_query_are_found() {
    let found = one("WITH gone AS (DELETE FROM t WHERE a < 1 RETURNING *) SELECT * FROM gone");
    assert_eq!(found.kind, StatementKind::Query);
    assert_eq!(found.inner, [InnerWrite { verb: "DELETE".into(), object: Some("t".into()), without_where: false }]);
    let found = one("WITH gone AS (UPDATE t SET a = 1 RETURNING *) SELECT * FROM gone WHERE true");
    assert!(found.inner[0].without_where);
    assert_eq!(one("WITH x AS (SELECT 1) DELETE FROM t").kind, StatementKind::Delete);
    assert!(one("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2").inner.is_empty());
    assert_eq!(one("EXPLAIN ANALYZE UPDATE t SET a = 1").inner.len(), 1);
    assert!(one("EXPLAIN DELETE FROM t").inner.is_empty());
}

#[test]
fn rows_without_a_condition_are_noticed() {
    assert!(one("UPDATE t SET a = (SELECT b FROM c WHERE d)").without_where);
    assert!(!one("DELETE FROM t USING u WHERE t.a = u.a").without_where);
}

#[test]
fn functions_are_listed() {
    let found = one("SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_stat_activity");
    assert_eq!(found.functions, ["pg_terminate_backend"]);
}

#[test]
fn meta_commands_are_taken_out_first() {
    let sql = "\\set ON_ERROR_STOP on\nSELECT 1 \\g\n\\copy t from 'x.csv' csv\n\\! rm -rf x\nSELECT ':x', :'name', :\"col\" FROM t WHERE a = :id AND b::text = 'y';\n";
    let script = analyse(sql);
    assert_eq!(script.problem, None);
    let names: Vec<&str> = script.meta_commands.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["set", "g", "copy", "!"]);
    assert_eq!(script.meta_commands[2].arguments, "t from 'x.csv' csv");
    assert_eq!(script.statements.len(), 2);
    assert_eq!(&sql[script.statements[0].span.clone()], "SELECT 1");
    assert!(sql[script.statements[1].span.clone()].starts_with("SELECT ':x'"));
}

#[test]
fn data_of_copy_is_no_sql() {
    let script = analyse("COPY t FROM stdin;\n1\tit's\n2\tDROP TABLE x;\n\\.\nSELECT 1;");
    assert_eq!(script.problem, None);
    assert_eq!(script.statements.len(), 2);
}

#[test]
fn semicolons_in_quotes_end_nothing() {
    let script = analyse("SELECT ';', $$;$$, $a$ ; $$ $a$, E'\\';' /* ; /* ; */ */ -- ;\n; SELECT 2; ;");
    assert_eq!(script.problem, None);
    assert_eq!(script.statements.len(), 2);
}

#[test]
fn what_is_no_sql_is_a_problem() {
    for sql in ["kubectl get pods", "SELECT 'open", "FROBNICATE t", "SELEKT 1", "DELETE t"] {
        assert!(analyse(sql).problem.is_some(), "{sql}: {:?}", analyse(sql));
    }
    let noted = analyse("-- why\n/* more */ SELECT 1;");
    assert_eq!(noted.statements[0].span, 18..26);
    assert_eq!(analyse("-- nothing\n;;"), SqlScript::default());
}

#[test]
fn deep_nesting_costs_neither_stack_nor_time() {
    for (open, close) in [
        ("(", ")"),
        ("(SELECT ", ")"),
        ("CASE WHEN ", " THEN 1 END"),
        ("/*", "*/"),
        ("NOT ", ""),
        ("- ", ""),
        ("f(", ")"),
        ("ARRAY[", "]"),
        ("a.", "a"),
    ] {
        for depth in [5, 12, 20, 24, 1000, 20_000] {
            let started = std::time::Instant::now();
            analyse(&format!("SELECT {}1{}", open.repeat(depth), close.repeat(depth)));
            assert!(started.elapsed().as_millis() < 3000, "{open} {depth} took {:?}", started.elapsed());
        }
    }
}

#[test]
fn a_statement_with_a_very_long_chain_of_operators_is_not_parsed() {
    let rows = "(1, 'a'), ".repeat(5000);
    assert!(analyse(&format!("INSERT INTO t VALUES {rows}(1, 'b')")).problem.is_none(), "rows are no chain");
    for part in ["+1", "::int", " UNION SELECT 1", " OR a"] {
        let script = analyse(&format!("SELECT 1{}", part.repeat(1501)));
        assert!(script.problem.unwrap().message.contains("more than 1500 words and operators"), "{part}");
        assert_eq!(script.statements[0].kind, StatementKind::Unknown);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(sql in "[ -~\\n\\\\';:$é/*]{0,80}") {
        let script = analyse(&sql);
        for statement in &script.statements {
            prop_assert!(sql.get(statement.span.clone()).is_some());
        }
        for meta in &script.meta_commands {
            prop_assert!(sql.get(meta.span.clone()).is_some());
        }
    }
}
