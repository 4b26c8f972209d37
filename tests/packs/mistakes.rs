//! One mistake at a time: what is said, and where.

use warroom::platform::{self, DiagnosticSeverity, PackFiles, ScenarioFile};

const HEAD: &str = "[platform]\nname = \"shop\"\n";
const PROBE: &str = "[[probes]]\nid = \"db\"\nkind = \"tcp\"\naddress = \"127.0.0.1:5432\"\n";
const SEVERITY: &str = "[[severities]]\nlevel = \"P1\"\n";

/// What is wrong with this text after [`HEAD`], as `line:column: message (help)`; lines count from the text's first.
/// Warnings begin with `warning `.
fn said(text: &str) -> Vec<String> {
    let files = PackFiles {
        folder: "shop".into(),
        paths: vec!["pool-saturation.md".into(), "templates/first.md".into()],
        scenarios: vec![ScenarioFile { id: "outage".into(), file: "drills/outage.toml".into(), text: SCENARIO.into() }],
        ..PackFiles::default()
    };
    let loaded = platform::parse("platform.toml", &format!("{HEAD}{text}"), &files);
    let failed = loaded.diagnostics.iter().any(|d| d.severity == DiagnosticSeverity::Error);
    assert_eq!(loaded.pack.is_none(), failed, "{:?}", loaded.diagnostics);
    let told = loaded.diagnostics.iter().filter(|d| d.file == "platform.toml");
    told.map(|d| {
        let at = d.position.as_ref().unwrap();
        let severity = if d.severity == DiagnosticSeverity::Warning { "warning " } else { "" };
        let help = d.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        let head = HEAD.lines().count();
        format!("{severity}{}:{}: {}{help}", at.line.saturating_sub(head), at.column, d.message)
    })
    .collect()
}

const SCENARIO: &str = "[scenario]\nid = \"outage\"\ntitle = \"Outage\"\nduration = \"1m\"\n[probes.db]\nstatus = \"ok\"\nsummary = \"fine\"\n";

/// The text has this one mistake. `expected` may be the beginning of what is said.
#[track_caller]
fn says(text: &str, expected: &str) {
    let said = said(text);
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].starts_with(expected), "\nsaid:     {}\nexpected: {expected}", said[0]);
}

fn probe(lines: &str) -> String {
    format!("[[probes]]\nid = \"p\"\n{lines}\n")
}

#[test]
fn a_clean_pack_says_nothing() {
    assert_eq!(said(&format!("{PROBE}{SEVERITY}")), Vec::<String>::new());
}

#[test]
fn a_threshold_that_can_never_fire_is_told() {
    let tls = |line: &str| probe(&format!("kind = \"tls\"\naddress = \"shop:443\"\n{line}"));
    let errors = "kind = \"metrics\"\nurl = \"http://a/metrics\"\nerrors = \"e\"\ntotal = \"t\"";
    let ratio = probe(&format!("{errors}\nwarn = \"value > 0.05\""));
    for (text, expected) in [
        (
            &tls("warn = \"days_left > duration('24h')\""),
            "5:21: `warn` is not a CEL expression: unknown function `duration`",
        ),
        (
            &tls("warn = \"day_left < 21\""),
            "warning 5:9: `day_left` is not a detail of tls probes, so `warn` never has an answer (did you mean `days_left`?)",
        ),
        (&tls("down = \"1 > 2\""), "warning 5:9: `down` is always false: it reads nothing"),
        (&ratio, "warning 7:9: `value` is a percentage, and 0.05 is less than 1 % (write `value > 5`)"),
    ] {
        says(text, expected);
    }
    assert_eq!(said(&tls("warn = \"days_left / 7 < 2.5\"")), Vec::<String>::new());
}

#[test]
fn fields_of_requests_are_read() {
    let page = |lines: &str| {
        probe(&format!("kind = \"statuspage\"\nurl = \"https://a.example#Actions,Git Operations\"\n{lines}"))
    };
    assert_eq!(said(&page("body_limit = \"8 MiB\"")), Vec::<String>::new());
    assert_eq!(said(&page("body_limit = 1000000")), Vec::<String>::new());
    says(&page("body_limit = \"8 MB/s\""), "5:14: `8 MB/s` is not a size from 1 to 268435456 bytes");
    says(&page("client_key = \"a.key\""), "1:1: `client_certificate` is missing in [[probes]]");
}

#[test]
fn keys_nobody_knows_are_told_with_the_nearest() {
    for (text, expected) in [
        ("[[componets]]\nid = \"a\"\n", "1:3: unknown key `componets` in platform.toml (did you mean `components`?)"),
        (
            "[[components]]\nid = \"a\"\nrot = \"4h\"\n",
            "3:1: unknown key `rot` in [[components]] (did you mean `rto`?)",
        ),
        (
            "[environments.prod]\nprotcted = true\n",
            "2:1: unknown key `protcted` in [environments.prod] (did you mean `protected`?)",
        ),
        (&format!("{PROBE}timout = \"3s\"\n"), "5:1: unknown key `timout` in [[probes]] (did you mean `timeout`?)"),
        // A key of another kind is as wrong as one of none.
        (&format!("{PROBE}query = \"up\"\n"), "5:1: unknown key `query` in [[probes]]"),
        ("[[links]]\ntitle = \"G\"\nurl = \"https://g\"\nhref = \"x\"\n", "4:1: unknown key `href` in [[links]]"),
    ] {
        says(text, expected);
    }
}

#[test]
fn what_is_missing_or_of_the_wrong_type_is_told() {
    for (text, expected) in [
        ("[[components]]\ntitle = \"a\"\n", "1:1: `id` is missing in [[components]] (add id = "),
        ("[[components]]\nid = \"\"\n", "2:6: `id` is empty"),
        ("[[components]]\nid = \"a b\"\n", "2:6: `a b` cannot be an id (use letters, digits, `-` and `_`)"),
        ("[[components]]\nid = \"a\"\ntier = \"one\"\n", "3:8: `tier` must be a whole number from 0 to 9, not a text"),
        ("[[components]]\nid = \"a\"\ntier = 12\n", "3:8: `tier` must be a whole number from 0 to 9"),
        (
            "[[components]]\nid = \"a\"\nrto = 4\n",
            "3:7: `rto` must be a duration in quotes such as \"15m\", not a whole number",
        ),
        ("[environments.prod]\nprotected = \"yes\"\n", "2:13: `protected` must be true or false, not a text"),
        ("[environments]\nprod = 1\n", "2:8: `prod` must be a table: [environments.prod], not a whole number"),
        ("[components]\nid = \"a\"\n", "1:1: `components` must be entries that begin with [[components]], not a table"),
        (
            "[[components]]\nid = \"a\"\ndepends_on = [1]\n",
            "3:15: `depends_on` must be a list of texts in quotes, not a whole number",
        ),
        (&probe("kind = \"postgres\""), "1:1: `url` is missing in [[probes]] (add url = \"env:DATABASE_URL\")"),
        (&probe("kind = \"replication\""), "1:1: `primary` is missing in [[probes]]"),
        (&probe("kind = \"backup\""), "1:1: `path` is missing in [[probes]]"),
        (&probe("kind = \"command\""), "1:1: `argv` is missing in [[probes]]"),
        (&probe("kind = \"command\"\nargv = []"), "4:8: `argv` is empty"),
        (&probe("kind = \"command\"\nargv = [\"a\"]\nrun = \"a\""), "5:7: `argv` and `run` exclude each other"),
        (&probe("url = \"http://a\""), "1:1: `kind` is missing in [[probes]]"),
        (&probe("kind = \"postgress\""), "3:8: there is no probe kind `postgress` (did you mean `postgres`?)"),
    ] {
        says(text, expected);
    }
}

#[test]
fn ids_are_unique_and_what_is_referred_to_exists() {
    let component = "[[components]]\nid = \"database\"\n";
    for (text, expected) in [
        (&format!("{component}{component}"), "4:6: there are two components with the id `database`"),
        (&format!("{PROBE}{PROBE}"), "6:6: there are two probes with the id `db`"),
        (
            &format!("{component}depends_on = [\"databse\"]\n"),
            "3:15: there is no component `databse` (did you mean `database`?)",
        ),
        (
            &format!("{component}{PROBE}component = \"cache\"\n"),
            "7:13: there is no component `cache` (known: database)",
        ),
        (
            &format!("{PROBE}[[alerts]]\nid = \"a\"\nwhen = \"true\"\nseverity = \"P1\"\n"),
            "8:12: there is no severity `P1` (add [[severities]] with level = \"P1\")",
        ),
        (
            &format!(
                "{SEVERITY}[[alerts]]\nid = \"a\"\nwhen = \"true\"\nseverity = \"P1\"\nrunbook = \"pool-saturaton\"\n"
            ),
            "warning 7:11: there is no runbook `pool-saturaton` (did you mean `pool-saturation`?)",
        ),
        (&"[[escalations]]\nafter = \"30m\"\nto = \"boss\"\n".to_owned(), "3:6: there is no role or contact `boss`"),
        (&"[[roles]]\nid = \"ic\"\nprimary = \"alice\"\n".to_owned(), "3:11: there is no contact `alice`"),
        (
            &"[[contacts]]\nid = \"alice\"\nname = \"Alice\"\nroles = [\"ic\"]\n".to_owned(),
            "4:10: there is no role `ic`",
        ),
        (
            &format!("{SEVERITY}[[audiences]]\nid = \"staff\"\nseverities = [\"P2\"]\n"),
            "5:15: there is no severity `P2` (known: P1)",
        ),
        (
            &"[[audiences]]\nid = \"staff\"\ntemplate = \"second.md\"\n".to_owned(),
            "warning 3:12: there is no template `second.md`",
        ),
        (&format!("{PROBE}[[backups]]\nid = \"b\"\nchecks = [\"dp\"]\n"), "7:11: there is no probe `dp` (known: db)"),
        (
            &"[[drills]]\nid = \"d\"\nkind = \"tabletop\"\nevery = \"monthly\"\nscenario = \"outtage\"\n".to_owned(),
            "warning 5:12: there is no scenario `outtage` (did you mean `outage`?)",
        ),
        (
            &"[[contacts]]\nid = \"alice\"\nname = \"Alice\"\n[[roles]]\nid = \"ic\"\n[[drills]]\nid = \"d\"\nkind = \"tabletop\"\nevery = \"monthly\"\nparticipants = [\"ic\", \"alise\"]\n".to_owned(),
            "10:23: there is no role or contact `alise` (did you mean `alice`?)",
        ),
        (&probe("kind = \"simulated\"\nscenario = \"flood\""), "4:12: there is no scenario `flood`"),
    ] {
        says(text, expected);
    }
}

#[test]
fn expressions_are_checked_where_they_stand() {
    let alert = |when: &str| format!("{PROBE}{SEVERITY}[[alerts]]\nid = \"a\"\nseverity = \"P1\"\nwhen = {when}\n");
    for (text, expected) in [
        (
            probe("kind = \"tcp\"\naddress = \"a:1\"\nwarn = \"value >\""),
            "5:16: `warn` is not a CEL expression: it ends too early",
        ),
        (
            probe("kind = \"tcp\"\naddress = \"a:1\"\nwarn = \"\"\"\nvalue >\n  > 3\"\"\""),
            "7:3: `warn` is not a CEL expression",
        ),
        (probe("kind = \"http\"\nurl = \"http://a\"\njson = 'body[\"a\"'"), "5:17: `json` is not a CEL expression"),
        (alert("\"probes.bd.value > 1\""), "10:16: there is no probe `bd` (known: db)"),
        (alert("'probes[\"bd\"].value > 1'"), "10:17: there is no probe `bd`"),
        (alert("\"panels.netwrok.down > 0\""), "10:16: there is no panel `netwrok` (did you mean `network`?)"),
        (alert("\"components.db.rpo_seconds > 0\""), "10:20: there is no component `db`"),
        (alert("\"probe.db.value > 1\""), "10:9: a condition cannot read `probe` (did you mean `probes`?)"),
        (alert("\"probes.db.value > 1 &&\""), "10:31: `when` is not a CEL expression"),
    ] {
        says(&text, expected);
    }
}

#[test]
fn values_with_a_meaning_are_checked() {
    let drill = "[[drills]]\nid = \"d\"\nkind = \"tabletop\"\n";
    for (text, expected) in [
        (
            "[[components]]\nid = \"a\"\nrto = \"4 parsecs\"\n".to_owned(),
            "3:7: `4 parsecs` is not a duration: it is no number with a unit (write a number with a unit",
        ),
        ("[[components]]\nid = \"a\"\nrto = \"-4h\"\n".to_owned(), "3:7: `-4h` is not a duration: it is negative"),
        (format!("{PROBE}every = \"0s\"\n"), "5:9: `every` must be longer than nothing"),
        (format!("{PROBE}every = \"2s\"\ntimeout = \"3s\"\n"), "warning 6:11: `timeout` is longer than `every`"),
        (format!("{PROBE}confirm = 0\n"), "5:11: `confirm` must be a whole number from 1 to 100"),
        (format!("{PROBE}on_timeout = \"dwon\"\n"), "5:14: `on_timeout` cannot be `dwon` (did you mean `down`?)"),
        (format!("{drill}every = \"sometimes\"\n"), "4:9: `sometimes` is not a period"),
        (
            format!("{drill}every = \"monthly\"\nlast_run = \"15.1.2026\"\n"),
            "5:12: `15.1.2026` is not a date (write year-month-day: 2026-01-15)",
        ),
        (
            "[[backups]]\nid = \"b\"\nschedule = \"0 25 * * *\"\n".to_owned(),
            "3:12: `0 25 * * *` is not a cron schedule",
        ),
        ("[[backups]]\nid = \"b\"\nschedule = \"nightly\"\n".to_owned(), "3:12: `nightly` is not a cron schedule"),
        (
            "[[backups]]\nid = \"b\"\ntimezone = \"Mars/Olympus\"\n".to_owned(),
            "3:12: `Mars/Olympus` is not a time zone",
        ),
        (probe("kind = \"tcp\"\naddress = \"localhost\""), "4:11: `localhost` is not an address: it has no port"),
        (
            probe("kind = \"tls\"\naddress = \"localhost:https\""),
            "4:11: `localhost:https` is not an address: its port is not a number",
        ),
        (probe("kind = \"tcp\"\naddress = \"http://a:80\""), "4:11: `http://a:80` is not an address: it is a URL"),
        (
            probe("kind = \"http\"\nurl = \"ftp://a\""),
            "4:7: `ftp://` is not a scheme that is used here (begin with http://, https://",
        ),
        (probe("kind = \"http\"\nurl = \"example.com\""), "4:7: this is not a URL"),
        (probe("kind = \"http\"\nurl = \"http://[::1\""), "4:7: this is not a URL: invalid IPv6 address"),
        (
            probe("kind = \"http\"\nurl = \"http://a\"\nmatches = \"[a\""),
            "5:11: `matches` is not a regular expression: unclosed character class",
        ),
        (probe("kind = \"http\"\nurl = \"http://a\"\nstatus = \"2x\""), "5:10: `2x` is not a list of status codes"),
        (
            probe("kind = \"http\"\nurl = \"http://a\"\nmethod = \"get\""),
            "5:10: `get` is not an HTTP method (did you mean `GET`?)",
        ),
        (probe("kind = \"http\"\nurl = \"http://a\"\nresolve = \"a b\""), "5:11: `a b` is not an address"),
        (probe("kind = \"postgres\"\nurl = \"mysql://a/b\""), "4:7: `mysql://` is not a scheme that is used here"),
        (probe("kind = \"redis\"\nurl = \"http://a\""), "4:7: `http://` is not a scheme that is used here"),
        (probe("kind = \"redis\"\nurl = \"env:\""), "4:7: `env:` refers to nothing (write env:NAME)"),
        (probe("kind = \"postgres\"\nurl = \"env:X\"\nexpect = \"replica\""), "5:10: `expect` cannot be `replica`"),
        (
            probe("kind = \"prometheus\"\nserver = \"http://a\"\nquery = \"sum(\""),
            "5:9: `query` is not a PromQL expression",
        ),
        (
            probe("kind = \"metrics\"\nurl = \"http://a\"\nerrors = 'sum(x)'\ntotal = 'x'"),
            "5:10: `errors` must be a series selector, not a calculation",
        ),
        (
            probe("kind = \"metrics\"\nurl = \"http://a\"\nerrors = 'x{'\ntotal = 'x'"),
            "5:10: `errors` is not a series selector",
        ),
        (
            probe("kind = \"dns\"\nname = \"a\"\nrecord = \"aaaa\""),
            "5:10: `aaaa` is not a record type (did you mean `AAAA`?)",
        ),
        (probe("kind = \"backup\"\npath = \"/b/[a\""), "4:12: `path` is not a file pattern"),
        (probe("kind = \"kubernetes\"\nnamespaces = [\"Prod\"]"), "4:15: `Prod` cannot be a namespace"),
    ] {
        says(&text, expected);
    }
}

#[test]
fn what_is_not_toml_is_told_with_its_line() {
    says("[[probes]\nid = 1\n", "1:10: this is not TOML: unclosed array table, expected `]`");
}

#[test]
fn a_file_without_a_platform_says_how_to_begin() {
    let loaded = platform::parse("p.toml", "", &PackFiles::default());
    assert_eq!(
        loaded.diagnostics[0].to_string(),
        "p.toml:1:1: [platform] is missing (begin the file with [platform] and name = \"my-platform\")"
    );
}

#[test]
fn secrets_in_the_pack_are_flagged_and_not_repeated() {
    for text in [
        probe("kind = \"postgres\"\nurl = \"postgres://u:hunter2@a/b\""),
        probe("kind = \"postgres\"\nurl = \"host=a password=hunter2\""),
        probe("kind = \"redis\"\nurl = \"redis://:hunter2@a\""),
        probe("kind = \"http\"\nurl = \"http://a\"\nheaders = { Authorization = \"Bearer hunter2\" }"),
    ] {
        let said = said(&text);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("warning ") && said[0].contains("stands in the pack"), "{said:?}");
        assert!(!said[0].contains("hunter2"), "{said:?}");
    }
    assert_eq!(said(&probe("kind = \"postgres\"\nurl = \"postgresql+asyncpg://u@a/b\"")), Vec::<String>::new());
    assert_eq!(said(&probe("kind = \"postgres\"\nurl = \"postgresql://\"")), Vec::<String>::new());
}

#[test]
fn values_still_to_be_filled_in_load_and_are_flagged() {
    for (text, expected) in [
        ("[[components]]\nid = \"a\"\nrto = \"TBD\"\n", "warning 3:8: `TBD` is still to be filled in"),
        ("[[roles]]\nid = \"ic\"\nprimary = \"[Name]\"\n", "warning 3:12: `[Name]` is still to be filled in"),
        (
            "[[links]]\ntitle = \"G\"\nurl = \"https://{{ host }}/\"\n",
            "warning 3:16: `{{ host }}` is still to be filled in",
        ),
        ("[environments.a]\nvars = { SG = \"sg-xxx\" }\n", "warning 2:16: `sg-xxx` is still to be filled in"),
    ] {
        says(text, expected);
    }
}

#[test]
fn objectives_that_exclude_each_other_are_flagged() {
    let pair = |of_api: &str| {
        format!(
            "[[components]]\nid = \"api\"\nrto = \"{of_api}\"\ndepends_on = [\"db\"]\n[[components]]\nid = \"db\"\nrto = \"4h\"\n"
        )
    };
    says(&pair("1h"), "warning 3:7: `api` must be back within 1h but depends on `db`, which may take 4h");
    assert_eq!(said(&pair("4h")), Vec::<String>::new());
    says(
        "[[components]]\nid = \"a\"\ndepends_on = [\"b\"]\n[[components]]\nid = \"b\"\ndepends_on = [\"a\"]\n",
        "3:14: the components depend on each other: a → b → a",
    );
    says(
        "[[severities]]\nlevel = \"P0\"\nrespond_within = \"2h\"\nrecover_within = \"1h\"\n",
        "warning 4:18: `P0` must be recovered within 1h, before anybody has to respond (2h)",
    );
    says(
        "[[severities]]\nlevel = \"P0\"\nrecover_within = \"8h\"\n[[severities]]\nlevel = \"P1\"\nrecover_within = \"4h\"\n",
        "warning 3:18: `P0` allows 8h where the milder `P1` allows only 4h",
    );
    let backup = "[[components]]\nid = \"db\"\nrpo = \"12h\"\n[[backups]]\nid = \"b\"\ncomponent = \"db\"\n";
    says(
        &format!("{backup}schedule = \"0 3 * * *\"\n"),
        "warning 7:12: up to 24h lie between two backups, more than the RPO of `db` (12h)",
    );
    assert_eq!(said(&format!("{backup}schedule = \"0 */6 * * *\"\n")), Vec::<String>::new());
}

#[test]
fn a_backup_that_is_made_just_as_often_as_the_rpo_asks_is_flagged() {
    let backup = |rpo: &str| {
        format!(
            "[[components]]\nid = \"db\"\nrpo = \"{rpo}\"\n[[backups]]\nid = \"b\"\ncomponent = \"db\"\nschedule = \"0 3 * * *\"\n"
        )
    };
    says(
        &backup("24h"),
        "warning 7:12: up to 24h lie between two backups, the whole RPO of `db`: no time is left for making one (back up more",
    );
    assert_eq!(said(&backup("25h")), Vec::<String>::new());
}

#[test]
fn a_recovery_target_below_the_rto_of_what_an_alert_is_about_is_flagged() {
    let pack = |target: &str, when: &str| {
        format!(
            "[[severities]]\nlevel = \"P1\"\nrecover_within = \"{target}\"\n[[components]]\nid = \"db\"\nrto = \"4h\"\n\
             [[components]]\nid = \"web\"\nrto = \"30m\"\n{PROBE}component = \"db\"\n\
             [[alerts]]\nid = \"a\"\nseverity = \"P1\"\nwhen = '{when}'\n[[alerts]]\nid = \"b\"\nseverity = \"P1\"\nwhen = '{when}'\n"
        )
    };
    let by_probe = "probes.db.status == \"down\"";
    says(
        &pack("1h", by_probe),
        "warning 3:18: a `P1` must be over within 1h, but `db`, which its alert `a` is about, may take 4h (its RTO)",
    );
    says(&pack("1h", "components.db.rpo_seconds > 9"), "warning 3:18: a `P1` must be over within 1h, but `db`");
    for clean in [pack("4h", by_probe), pack("1h", "components.web.rpo_seconds > 9"), pack("1h", "true")] {
        assert_eq!(said(&clean), Vec::<String>::new());
    }
}

#[test]
fn a_response_time_of_an_alert_that_is_not_its_severitys_is_flagged() {
    let pack = |own: &str| {
        format!(
            "[[severities]]\nlevel = \"P1\"\nrespond_within = \"30m\"\n\
             [[alerts]]\nid = \"a\"\nseverity = \"P1\"\nwhen = \"true\"\nrespond_within = \"{own}\"\n"
        )
    };
    says(&pack("15m"), "warning 8:18: `a` asks for a response within 15m, but its severity `P1` for one within 30m");
    says(&pack("soon"), "8:18: `soon` is not a duration");
    assert_eq!(said(&pack("30m")), Vec::<String>::new());
}

#[test]
fn an_escalation_that_comes_when_the_incident_must_be_over_is_flagged() {
    let pack = |after: &str, severities: &str| {
        format!(
            "[[severities]]\nlevel = \"P0\"\nrecover_within = \"1h\"\n[[severities]]\nlevel = \"P1\"\nrecover_within = \"4h\"\n\
             [[contacts]]\nid = \"cto\"\nname = \"A B\"\n[[escalations]]\nafter = \"[Time]\"\nto = \"cto\"\n\
             [[escalations]]\nafter = \"{after}\"\nto = \"cto\"\n{severities}"
        )
    };
    let told = |text: &str| said(text).into_iter().filter(|told| !told.contains("filled in")).collect::<Vec<_>>();
    let both = "warning 14:9: `cto` is told only after 4h, when the incident must be over already (`P0` within 1h, `P1` within 4h)";
    assert_eq!(told(&pack("4h", "severities = [\"P0\", \"P1\"]\n")), [both]);
    assert_eq!(told(&pack("4h", "")), [both], "without a list it is for all");
    let one = "warning 14:9: `cto` is told only after 1h, when the incident must be over already (`P0` within 1h)";
    assert_eq!(told(&pack("1h", "severities = [\"P0\", \"P1\"]\n")), [one]);
    for clean in [pack("59m", ""), pack("3h", "severities = [\"P1\"]\n"), pack("0s", "")] {
        assert_eq!(told(&clean), Vec::<String>::new());
    }
}

#[test]
fn shares_between_severities_and_in_two_of_them_are_flagged() {
    let pack = |criteria: [&str; 3]| {
        let level =
            |(index, text): (usize, &&str)| format!("[[severities]]\nlevel = \"P{index}\"\ncriteria = [\"{text}\"]\n");
        criteria.iter().enumerate().map(level).collect::<String>()
    };
    says(
        &pack(["Degraded for >50% customers", "Slow for less than 25 % of customers", "Cosmetic"]),
        "warning 3:27: between `less than 25 % of customers` (`P1`) and `>50% customers` (`P0`) lies 25% to 50%, for which there is no \
         severity (let one of them begin where the other ends)",
    );
    says(
        &pack(["CPU usage above 80%", "CPU usage 40-85%", "Cosmetic"]),
        "warning 3:24: `40-85%` (`P1`) and `above 80%` (`P0`) both hold from 80% to 85%",
    );
    for clean in [
        [">50% customers", ">25% customers", "<25% customers"],
        [">50% customers", "25-50% customers", "<25% customers"],
        [">50% customers", "error rate >5%", "memory <2%"],
        [">50% customers and <10% of orders", "<50% customers", ">10% of orders"],
    ] {
        assert_eq!(said(&pack(clean)), Vec::<String>::new(), "{clean:?}");
    }
}

#[test]
fn secrets_in_the_variables_of_an_environment_are_flagged_and_not_repeated() {
    let pack = |value: &str| format!("[environments.production]\nvars = {{ DATABASE = \"{value}\" }}\n");
    for (value, expected) in [
        (
            "postgresql://u:hunter2@h/db",
            "warning 2:21: a password stands in `DATABASE`, which is shown and written to the journal (leave it out",
        ),
        ("host=h password=hunter2", "warning 2:21: a password stands in `DATABASE`"),
        (
            "env:HUNTER",
            "warning 2:21: `DATABASE` is handed on as it is written: nothing is looked up in `vars` (leave it out",
        ),
        (
            "cmd:hunt",
            "warning 2:21: `DATABASE` is handed on as it is written: nothing is looked up in `vars` (look it up in",
        ),
    ] {
        says(&pack(value), expected);
        assert!(!said(&pack(value))[0].contains("hunter2"));
    }
    for clean in ["postgresql://u@h/db", "production", "10:30", "file:///etc/hosts"] {
        assert_eq!(said(&pack(clean)), Vec::<String>::new(), "{clean}");
    }
}

#[test]
fn every_placeholder_of_a_value_is_flagged() {
    let told = said("[[links]]\ntitle = \"[Name] and [Other Name]\"\nurl = \"https://a\"\n");
    let expected = ["warning 2:10: `[Name]` is still", "warning 2:21: `[Other Name]` is still"];
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().zip(expected).all(|(told, expected)| told.starts_with(expected)), "{told:?}");
}

#[test]
fn reviews_and_drills_are_overdue_by_the_day_that_is_given() {
    let text = format!(
        "{HEAD}document = {{ reviewed = 2026-01-15, review_every = \"quarterly\" }}\n[[drills]]\nid = \"restore\"\nkind = \"restore\"\nevery = \"monthly\"\nlast_run = 2026-03-01\n"
    );
    let loaded = platform::parse("p.toml", &text, &PackFiles::default());
    assert!(loaded.pack.is_some(), "{:?}", loaded.diagnostics);
    let overdue = |day: jiff::civil::Date| loaded.overdue(day).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(overdue(jiff::civil::date(2026, 3, 31)), Vec::<String>::new());
    assert_eq!(
        overdue(jiff::civil::date(2026, 4, 16)),
        [
            "p.toml:3:25: the review of the document has been due since 2026-04-15",
            "p.toml:8:12: the drill `restore` has been due since 2026-04-01"
        ]
    );
}

#[test]
fn a_broken_scenario_is_told_and_does_not_keep_the_pack_from_opening() {
    let files = PackFiles {
        folder: "shop".into(),
        paths: vec!["drills/outage.toml".into()],
        scenarios: vec![ScenarioFile {
            id: "outage".into(),
            file: "drills/outage.toml".into(),
            text: "[scenario".into(),
        }],
        ..PackFiles::default()
    };
    let loaded = platform::parse("platform.toml", HEAD, &files);
    assert!(loaded.diagnostics[0].to_string().starts_with("drills/outage.toml:1:"), "{:?}", loaded.diagnostics);
    assert!(loaded.pack.is_some_and(|pack| pack.scenarios.is_empty()));
}

#[test]
fn what_a_pack_leaves_out_comes_from_its_kind() {
    let loaded = platform::parse(
        "p",
        &format!("{HEAD}{}", probe("kind = \"postgres\"\nurl = \"env:X\"")),
        &PackFiles::default(),
    );
    let pack = loaded.pack.unwrap();
    let spec = pack.probe("p").unwrap();
    assert_eq!((spec.panel.as_str(), spec.title.as_str(), spec.confirm), ("database", "p", 2));
    assert_eq!((spec.every.as_secs(), spec.timeout.as_secs(), spec.connect_timeout.as_secs()), (5, 3, 2));
    assert!(spec.warn.as_ref().unwrap().source().contains("connections.used_percent > 80"));
    let quick = probe("kind = \"postgres\"\nurl = \"env:X\"\nevery = \"1s\"\nwarn = \"\"");
    let pack = platform::parse("p", &format!("{HEAD}{quick}"), &PackFiles::default()).pack.unwrap();
    let spec = pack.probe("p").unwrap();
    assert_eq!((spec.timeout.as_secs(), spec.connect_timeout.as_secs()), (1, 1));
    // An empty threshold takes the kind's away.
    assert!(spec.warn.is_none() && spec.down.is_some());
}

#[test]
fn a_drill_says_how_long_it_takes_and_who_takes_part() {
    let drill = "[[contacts]]\nid = \"alice\"\nname = \"Alice\"\n[[roles]]\nid = \"ic\"\n[[drills]]\nid = \"d\"\nkind = \"tabletop\"\n\
                 every = \"monthly\"\nduration = \"2h\"\nparticipants = [\"ic\", \"alice\"]\n";
    let pack = platform::parse("p", &format!("{HEAD}{drill}"), &PackFiles::default()).pack.unwrap();
    assert_eq!(pack.drills[0].duration.map(|time| time.as_secs()), Some(7200));
    assert_eq!(pack.drills[0].participants, ["ic", "alice"]);
    says(&drill.replace("2h", "two hours"), "10:12: `two hours` is not a duration");
    says(&drill.replace("2h", "0s"), "10:12: `duration` must be longer than nothing");
}
