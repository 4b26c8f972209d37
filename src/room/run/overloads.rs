//! Functions that a server has under names that are known to read: which one a call reaches depends on the types of its arguments, and
//! what a function of one's own does nobody has read. That it is declared STABLE proves nothing, since such a function may call others
//! that write.

use secrecy::SecretString;

use super::at_hand;
use warroom_runbook::sql::SqlScript;

/// Those of extensions are known; others are anybody's. The name of each, with its schema.
const FUNCTIONS: &str = "SELECT DISTINCT n.nspname || '.' || p.proname FROM pg_catalog.pg_proc p \
     JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.proname = ANY($1) \
     AND n.nspname = ANY(pg_catalog.current_schemas(true)) AND n.nspname <> 'pg_catalog' AND NOT EXISTS (\
     SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e') \
     ORDER BY 1";

/// Why what only reads by its words may do more on this server, one sentence each; none where the server cannot be asked.
pub(super) async fn found(asked: &[(SecretString, Vec<SqlScript>)]) -> Vec<String> {
    let mut found = Vec::new();
    for (url, scripts) in asked {
        let statements = scripts.iter().flat_map(|script| &script.statements);
        let mut names: Vec<String> = statements.flat_map(|statement| statement.functions.iter().cloned()).collect();
        names.sort();
        names.dedup();
        if names.is_empty() {
            continue;
        }
        let own = at_hand::ask(url, async |client| {
            let rows = client.query(FUNCTIONS, &[&names]).await.ok()?;
            Some(rows.iter().filter_map(|row| row.try_get::<_, String>(0).ok()).collect::<Vec<_>>())
        });
        let own = own.await.unwrap_or_default();
        found.extend(
            own.into_iter().map(|name| {
                format!("this server also defines {name}, which may be called instead and may change data")
            }),
        );
    }
    found
}
