//! Tests of what is found in shell code, and of hostile text.

use proptest::prelude::*;

use super::*;

/// Every program, with its arguments as far as they are known.
fn commands(code: &str) -> Vec<String> {
    let script = analyse(code);
    assert_eq!(script.problem, None, "{code}");
    script.commands.iter().map(shown).collect()
}

fn shown(command: &Invocation) -> String {
    command.words.iter().map(Word::shown).collect::<Vec<_>>().join(" ")
}

#[test]
fn commands_are_found_wherever_they_stand() {
    let code = "a | b && c || d; (e; { f & }); for x in $(g); do h; done; while i; do j; done
if k; then l; elif m; then n; else o; fi; case $(p) in x) q;; y) r; esac
s() { t \"`u`\"; }; v <(w) > >(x); coproc y; echo $(( $(z) + 1 )); [[ -n $(aa) && $(bb) =~ x ]]
A=$(cc) dd; B=(x $(ee)); cat <<EOF
$(ff)
EOF
until gg; do hh; done; echo ${X:-$(ii)}; ((i = $(jj) + 1)); ! kk; time ll";
    let found = commands(code);
    for name in [
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "u", "w", "x", "y",
        "z", "aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh", "ii", "jj", "kk", "ll",
    ] {
        assert!(found.iter().any(|one| one == name), "{name} is missing in {found:?}");
    }
    assert!(found.iter().any(|one| one.starts_with("t ")));
}

#[test]
fn spans_point_at_the_command_in_the_code() {
    let code = "# größe\necho 'ä' | \\\n  grep x # comment\nssh db1 'sudo psql -c \"DROP TABLE t\"; ls'\ncat <<EOF\n$(date) ü\nEOF\nrm -rf /x";
    let script = analyse(code);
    assert_eq!(script.problem, None);
    let spans: Vec<&str> = script.commands.iter().map(|one| &code[one.span.clone()]).collect();
    assert_eq!(spans[0], "echo 'ä'");
    assert_eq!(spans[1], "grep x");
    assert_eq!(spans[2], "sudo psql -c \"DROP TABLE t\"");
    assert_eq!(spans[3], "ls");
    assert!(spans.contains(&"date"), "{spans:?}");
    assert!(spans.contains(&"rm -rf /x"), "{spans:?}");
    let psql = script.commands.iter().find(|one| one.program() == Some("psql")).unwrap();
    assert_eq!(&code[psql.words[2].span.clone()], "\"DROP TABLE t\"");
}

#[test]
fn wrappers_are_taken_off_and_remembered() {
    for (code, inner, wrappers) in [
        ("sudo -u postgres -E psql -l", "psql -l", "sudo"),
        ("env A=b -u C rm x", "rm x", "env"),
        ("ls | xargs -n 1 -I{} rm {}", "rm $(…)", "xargs"),
        ("timeout -k 5 30s nohup nice -n 5 rm x", "rm x", "timeout nohup nice"),
        ("time command exec rm x", "rm x", "command exec"),
        ("eval 'rm x'", "rm x", "eval"),
        ("eval rm \"x\"", "rm x", "eval"),
        ("sh -c 'rm x'", "rm x", "sh"),
        ("bash -euxo pipefail -c 'rm \"$1\"' _ x", "rm $1", "bash"),
        ("bash <<'EOF'\nrm x\nEOF", "rm x", "bash"),
        ("ssh -p 22 -o A=b root@h rm x", "rm x", "ssh"),
        ("ssh h <<EOF\nsudo rm x\nEOF", "rm x", "ssh sudo"),
        ("ssh h \"sh -c 'rm x'\"", "rm x", "ssh sh"),
        ("kubectl -n prod exec -it pod -c main -- rm x", "rm x", "kubectl"),
        ("kubectl exec pod -- sh -c 'rm x'", "rm x", "kubectl sh"),
        ("docker exec -e A=b db rm x", "rm x", "docker"),
        ("docker compose -f a.yml exec -T db rm x", "rm x", "docker"),
        ("docker-compose exec db rm x", "rm x", "docker-compose"),
        ("find . -name x -exec rm {} \\;", "rm {}", "find"),
        ("watch -n 10 'rm x'", "rm x", "watch"),
        ("flock -w 5 /tmp/l rm x", "rm x", "flock"),
        ("su - postgres -c 'rm x'", "rm x", "su"),
        ("runuser -u postgres -- rm x", "rm x", "runuser"),
        ("echo 'rm x' | sh", "rm x", "sh"),
        ("trap 'rm x' EXIT", "rm x", "trap"),
        ("RUN='sudo rm'; $RUN x", "rm x", "sudo"),
        ("bash ./restore.sh db", "./restore.sh db", "bash"),
        ("k() { sudo \"$PGBIN/rm\" x; }; k", "$PGBIN/rm x", "sudo"),
    ] {
        let script = analyse(code);
        assert_eq!(script.problem, None, "{code}");
        assert_eq!(script.unseen, [], "{code}");
        let found = script.commands.iter().find(|one| shown(one) == inner);
        let found =
            found.unwrap_or_else(|| panic!("{code}: {:?}", script.commands.iter().map(shown).collect::<Vec<_>>()));
        let names: Vec<&str> = found.through.iter().map(|wrapper| wrapper.name.as_str()).collect();
        assert_eq!(names.join(" "), wrappers, "{code}");
    }
}

#[test]
fn text_that_cannot_be_seen_is_said() {
    for code in [
        "eval \"$X\"",
        "sh -c \"$CMD\"",
        "curl -s https://x | bash",
        "bash < file",
        "bash <(curl x)",
        "cat x.sh | ssh h",
        "P=ls; $P; P=rm; $P x",
    ] {
        assert!(!analyse(code).unseen.is_empty(), "{code}");
    }
}

#[test]
fn what_is_no_shell_is_a_problem() {
    for code in ["echo 'open", "if true; then", "a ||", "echo $(", "case x in", ")", "99999999999>x"] {
        assert!(analyse(code).problem.is_some(), "{code}");
    }
    assert_eq!(analyse(""), Script::default());
    assert_eq!(analyse("# only a comment\n\n").problem, None);
}

#[test]
fn lines_around_a_mistake_are_read_all_the_same() {
    let script = analyse("psql \"$URL\"\n\nSELECT count(*) FROM users;\nrm -rf /x\n");
    assert!(script.problem.is_some());
    let programs: Vec<_> = script.commands.iter().filter_map(Invocation::program).collect();
    assert_eq!(programs, ["psql", "rm"]);
    let script = analyse("rm x\necho 'open\nls");
    assert!(script.commands.iter().any(|one| one.program() == Some("rm")));
}

#[test]
fn words_tell_what_is_expanded() {
    let script = analyse("rm -rf \"$A\"/x ${B:?no B} 'lit' a\\ b *.log \"${C:-d}\" {a,b}");
    let words = &script.commands[0].words;
    assert_eq!(words[2].variables(), [("A", true, None)]);
    assert_eq!(words[3].variables(), [("B", false, Some(":?"))]);
    assert_eq!(words[4].literal.as_deref(), Some("lit"));
    assert_eq!(words[5].literal.as_deref(), Some("a b"));
    assert_eq!(words[6].literal.as_deref(), Some("*.log"));
    assert!(words[3].has_unquoted_expansion() && !words[2].has_unquoted_expansion());
    assert_eq!(words[8].literal, None);
}

#[test]
fn flags_are_found_in_their_forms() {
    let script = analyse("kubectl scale -n prod --replicas=0 deploy/a --timeout 5s -it");
    let command = &script.commands[0];
    assert_eq!(command.value_text(&["--replicas"]).as_deref(), Some("0"));
    assert_eq!(command.value_text(&["-n", "--namespace"]).as_deref(), Some("prod"));
    assert_eq!(command.value_text(&["--timeout"]).as_deref(), Some("5s"));
    assert!(command.has_flag(&["-t"]) && !command.has_flag(&["-f"]));
    let positional: Vec<String> = command.positional(&["-n", "--timeout"]).iter().map(|word| word.shown()).collect();
    assert_eq!(positional, ["scale", "deploy/a"]);
}

#[test]
fn deep_nesting_costs_neither_stack_nor_time() {
    let nests = [
        ("(", ")"),
        ("$(", ")"),
        ("{ ", "; }"),
        ("if ", "; then x; fi"),
        ("((", "))"),
        ("$((", "))"),
        ("${x:-", "}"),
        ("`", "`"),
        ("\"$(", ")\""),
        ("sh -c '", "'"),
        ("case x in y) ", " esac"),
        ("[[ ( ", " ) ]]"),
        ("x=(", ")"),
        ("while ", "; do :; done"),
        ("<(", ")"),
        ("eval ", ""),
        ("sudo ", ""),
        ("! ", ""),
        ("f() { ", "; }"),
        ("\")\" $(", ")"),
        ("# '\n$(", ")"),
        ("$[", "]"),
        ("@(", ")"),
        ("\"${x:-\"", "\"}\""),
    ];
    for (open, close) in nests {
        for depth in [3, 5, 6, 7, 12, 16, 24, 100, 3000] {
            let started = std::time::Instant::now();
            analyse(&format!("{}x{}", open.repeat(depth), close.repeat(depth)));
            analyse(&open.repeat(depth));
            let took = started.elapsed();
            assert!(took.as_millis() < 3000, "{open} {depth} deep took {took:?}");
        }
    }
}

#[test]
fn long_code_is_read_in_time_that_grows_with_its_length() {
    let line = "kubectl get pods -n \"$NS\" | grep -v 'Running' && psql -c \"SELECT $(date +%s)\" >/dev/null\n";
    let code = line.repeat(2000);
    let started = std::time::Instant::now();
    let script = analyse(&code);
    assert_eq!(script.problem, None);
    assert_eq!(script.commands.len(), 8000);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_panic(code in ".{0,120}") {
        let script = analyse(&code);
        for command in &script.commands {
            prop_assert!(code.get(command.span.clone()).is_some());
        }
    }

    #[test]
    fn any_shell_like_text_is_read_without_panic(
        parts in prop::collection::vec(prop::sample::select(vec![
            "$(", ")", "`", "'", "\"", "${", "}", "((", "))", "<<EOF\n", "EOF\n", "\n", ";", "|", "&&", "if ", "then ", "fi ",
            "case ", "esac ", "in ", "do ", "done ", "for ", "x", "é", "\\", "#", " ", "sh -c ", "eval ", "sudo ", ">", "<(", "1",
            "=", "A=(", "[[", "]]", "{", "*", "$", "ssh h ", "find -exec ", "\t", "0", ":-", "time ", "!", "coproc ",
        ]), 0..40)
    ) {
        let code: String = parts.concat();
        let started = std::time::Instant::now();
        let script = analyse(&code);
        for command in &script.commands {
            prop_assert!(code.get(command.span.clone()).is_some());
            for word in &command.words {
                prop_assert!(code.get(word.span.clone()).is_some());
            }
        }
        prop_assert!(started.elapsed().as_millis() < 3000, "{code}");
    }
}
