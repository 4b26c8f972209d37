//! Whatever is written, the linter ends, and points into the document.

use proptest::prelude::*;

use super::findings;

/// Pieces that documents are made of, so that random ones get far.
const PIECES: &[&str] = &[
    "# Title\n",
    "## Steps\n",
    "### 1. Do\n",
    "### Option A: x\n",
    "## Rollback\n",
    "```bash\n",
    "```sql {write}\n",
    "```\n",
    "\\`\\`\\`bash\n",
    "~~~\n",
    "kubectl -n a scale deploy/b --replicas=0\n",
    "psql $X -c \"SELECT é FROM t\"\n",
    "# OR\n",
    "$(",
    "helm rollback x 1\n",
    "aws rds wait db-instance-available\n",
    "<!-- warroom-lint: allow local-time -->\n",
    "<!-- warroom-lint: allow x",
    "echo 'é' | grep \"ü\n",
    "cat <<EOF\n",
    "EOF\n",
    "rm -rf \"$A/\"*\n",
    "date\n",
    "\u{feff}",
    "\r\n",
    "- [ ] item\n",
    "**Rollback:**\n",
    "**Expected Output:**\n",
    "1. do\n",
    "docker compose exec pg psql\n",
    "---\n",
    "{{ x }} [Name] TBD\n",
    "redis-cli FLUSHDB # é\n",
    "0 2 * * * /x y\n",
    "for x in 1; do\n",
    "done\n",
    "SELECT pg_promote();\n",
    "export A=1 B\n",
    "--",
    "=",
    "''",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_mixture_of_pieces_is_looked_at(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        let text = pieces.concat();
        for finding in findings("any.md", &text) {
            prop_assert!(finding.position.span.end <= text.len());
            prop_assert!(text.get(finding.position.span.clone()).is_some(), "{finding:?}");
            prop_assert!(finding.position.line >= 1 && finding.position.line <= text.lines().count().max(1) + 1);
        }
    }

    #[test]
    fn any_text_in_a_block_is_looked_at(code in "\\PC{0,200}") {
        let text = format!("## Steps\n\n### 1. Any\n\n```bash\n{code}\n```\n\n```sql\n{code}\n```\n");
        findings("any.md", &text);
    }
}
