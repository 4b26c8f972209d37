//! Packs and documents that are too deep, too long, very large, or no files at all: a sentence, in good time.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use crate::home::Home;

fn runbook(fence: &str) -> String {
    format!("# Too much\n\n## Steps\n\n### 1. One\n\n{fence}\n")
}

#[test]
fn text_beyond_the_bounds_of_a_parser_is_refused_where_it_stands() {
    let home = Home::new();
    let deep = |open: &str, close: &str, depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
    for (name, text, words) in [
        (
            "cel.md",
            runbook(&format!("```bash {{gate=\"{} > 0\"}}\ntrue\n```", deep("(", ")", 9))),
            "nested more than 8 deep",
        ),
        (
            "cel-long.md",
            runbook(&format!("```bash {{gate=\"1{} > 0\"}}\ntrue\n```", "+1".repeat(401))),
            "longer than 400 operators",
        ),
        ("promql.md", runbook(&format!("```promql\nup{}\n```", " + up".repeat(401))), "longer than 400 operators"),
        ("test.md", runbook(&format!("```bash\n[[ a {}]]\n```", "&& a ".repeat(65))), "more than 64 operators"),
        ("quotes.md", format!("# T\n\n{} x\n", ">".repeat(101)), "nested more than 100 deep"),
        ("front.md", format!("---\nvars: {}\n---\n# T\n", deep("[", "]", 13)), "the front matter is no YAML"),
    ] {
        let path = home.write(name, &text);
        let run = home.run(&["runbook", "lint", path.to_str().unwrap()]);
        assert!(run.out.contains(words), "{name}: {} {}", run.out, run.err);
        assert!(home.run(&["runbook", "show", path.to_str().unwrap()]).code < 128, "{name}");
    }
}

#[test]
fn toml_beyond_the_bounds_is_one_diagnostic_also_at_the_start_of_the_console() {
    let home = Home::new();
    let deep = format!("a = {}1{}\n", "[".repeat(17), "]".repeat(17));
    home.pack("deep", &deep);
    let run = home.run(&["pack", "check", "deep"]);
    assert_eq!(run.code, 65);
    assert_eq!(run.out.matches("error:").count(), 1, "{}", run.out);
    assert!(run.out.contains("this cannot be read: it is nested more than 16 deep"), "{}", run.out);
    home.pack("drill", "");
    home.write(".config/warroom/packs/drill/drills/d.toml", &deep);
    let run = home.run(&["pack", "check", "drill"]);
    assert!(run.out.contains("nested more than 16 deep"), "{}", run.out);
    home.write(".config/warroom/config.toml", &format!("{}a = 1\n", "a.".repeat(17)));
    let run = home.run(&["config", "check"]);
    assert!(run.out.contains("cannot be read: it is nested more than 16 deep"), "{}", run.out);
}

#[test]
fn what_is_no_file_in_a_pack_is_one_diagnostic() {
    let home = Home::new();
    let folder = home.pack("shop", "");
    home.write(
        ".config/warroom/packs/shop/drills/good.toml",
        "[scenario]\nid = \"good\"\ntitle = \"G\"\nduration = \"1m\"\n",
    );
    let make = |name: &str| assert!(Command::new("mkfifo").arg(folder.join(name)).status().unwrap().success());
    make("runbook.md");
    make("drills/pipe.toml");
    std::fs::create_dir(folder.join("templates")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.join("templates/zero.md")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.join("lost.md")).unwrap();
    let run = home.run(&["pack", "check", "shop", "--json"]);
    let about = |name: &str| run.out.lines().filter(|line| line.contains(name)).collect::<Vec<_>>();
    for name in ["runbook.md", "drills/pipe.toml", "templates/zero.md"] {
        let lines = about(name);
        assert!(lines.len() == 1 && lines[0].contains("it is not a plain file"), "{name}: {}", run.out);
    }
    assert_eq!(about("lost.md").len(), 1, "{}", run.out);
    // The rest of the pack is of use.
    let run = home.run(&["runbook", "list", "--pack", "shop"]);
    assert!(run.err.contains("cannot read ") && run.out.contains("RUNBOOK"), "{} {}", run.out, run.err);
    make("platform.fifo");
    std::fs::remove_file(folder.join("platform.toml")).unwrap();
    std::fs::rename(folder.join("platform.fifo"), folder.join("platform.toml")).unwrap();
    let run = home.run(&["sweep", "--pack", "shop"]);
    assert!(run.code == 66 && run.err.contains("it is not a plain file"), "{}", run.err);
}

/// The shorter of two runs, so that another program's turn does not count.
fn time(home: &Home, arguments: &[&str]) -> Duration {
    let once = || {
        let started = Instant::now();
        assert!(home.run(arguments).code < 128);
        started.elapsed()
    };
    once().min(once())
}

/// Four times the size may take six times as long, and what a process takes to start.
#[track_caller]
fn near_linear(small: Duration, large: Duration) {
    assert!(large < small * 6 + Duration::from_millis(300), "{small:?} and {large:?} for four times as much");
}

#[test]
fn checking_a_large_pack_takes_as_long_as_it_is() {
    let home = Home::new();
    for (name, count) in [("small", 375), ("large", 1500)] {
        let component = |number: usize| {
            let needs = number.checked_sub(1).map(|other| format!("\"c{other}\"")).unwrap_or_default();
            format!("[[components]]\nid = \"c{number}\"\nrto = \"4h\"\nrpo = \"1h\"\ndepends_on = [{needs}]\n")
        };
        home.pack(name, &(0..count).map(component).collect::<String>());
    }
    near_linear(time(&home, &["pack", "check", "small"]), time(&home, &["pack", "check", "large"]));
}

#[test]
fn linting_a_long_runbook_takes_as_long_as_it_is() {
    let home = Home::new();
    for (name, count) in [("small.md", 250), ("large.md", 1000)] {
        let step = |number: usize| {
            format!(
                "### {number}. Step {number}\n\nSome words.\n\n```bash\nkubectl rollout restart deployment/api-{number}\n\
                 systemctl status api-{number}\n```\n\n"
            )
        };
        home.write(name, &format!("# Long\n\n## Steps\n\n{}", (1..=count).map(step).collect::<String>()));
    }
    near_linear(time(&home, &["runbook", "lint", "small.md"]), time(&home, &["runbook", "lint", "large.md"]));
}
