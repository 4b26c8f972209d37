//! A step without a rollback is undone from what was saved before it.

use super::{agree, choose, go_to, is_marked, pick, run};
use crate::lab::{self, Desk, Redis};

const STEPS: &str = "# A task\n\n## Steps\n\n### 1. Evict\n```bash\nredis-cli -p \"$PORT\" CONFIG SET maxmemory-policy allkeys-lru\n```\n\n\
    ### 2. Look\n```bash\ntrue\n```\n";

#[test]
fn undo_offers_what_was_saved_and_restores_it() {
    lab::require!(lab::REDIS);
    let redis = Redis::start();
    let desk = Desk::new("", STEPS).with_pack(&format!("vars = {{ PORT = \"{}\" }}\n", redis.port()));
    let policy = || redis.cli(&["CONFIG", "GET", "maxmemory-policy"]);
    let terminal = desk.options(&[]).size(120, 40).start();
    pick(&terminal, "A task");
    go_to(&terminal, "Evict");
    terminal.keys("u");
    terminal.wait_for("nothing to restore was saved before it");
    run(&terminal, "Evict", "✔");
    assert!(policy().contains("allkeys-lru"), "{}", policy());
    go_to(&terminal, "Evict");
    terminal.keys("u");
    terminal.wait_for("the value of maxmemory-policy");
    choose(&terminal, "roll back");
    terminal.wait_for("CONFIG SET maxmemory-policy 'noeviction'");
    agree(&terminal);
    terminal.wait_until("the step is rolled back", |screen| is_marked(screen, "Evict", "↶"));
    assert!(policy().contains("noeviction"), "{}", policy());
}
