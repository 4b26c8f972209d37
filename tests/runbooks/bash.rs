//! What our parser says of shell against what bash says of it, on generated code.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use warroom::runbook::shell;

/// Pieces that are whole commands, each on lines of its own.
const WHOLE: &[&str] = &[
    "ls",
    "ls -l | wc -l",
    "a=b c=d ls",
    "a=(1 2 [5]=x); a+=(3)",
    "declare -A m=([k]=v [j]=\"w x\")",
    "for i in 1 2; do echo $i; done",
    "for ((i=0;i<3;i++)); do echo $i; done",
    "while read -r x; do echo; done < f > g",
    "until false; do :; done",
    "if ! true; then :; elif false; then :; else :; fi",
    "f() { ls; }",
    "function f { ls; }",
    "{ ls; } 2>&1 | cat",
    "( ls; )",
    "((a++))",
    "echo $((1+2)) \"$(( (1+2)*3 ))\"",
    "echo ${x:-\"a b\"} ${x/a/b} ${x^^} ${!x} ${#x[@]} ${x[@]:1:2}",
    "echo \"${x:-\"nested\"}\"",
    "echo $'a\\'b' $\"x\"",
    "cat <<E\n$(ls)\nE",
    "cat <<-'E' | grep x\n\t$(\n\tE",
    "cat <<A <<B\n1\nA\n2\nB",
    "cat <<< \"x\"",
    "diff <(ls) <(ls) > diff.txt",
    "tee >(cat) > f",
    "ls 2>/dev/null >f",
    "cat <<LIST > /tmp/hosts.txt\ndb-1\nLIST",
    "sort <hosts.txt >hosts.sorted",
    "ls &>> f",
    "exec {fd}> f",
    "time -p ls",
    "echo `ls \\`pwd\\``",
    "echo \"$(ls \"$(pwd)\")\"",
    "find . \\( -name a -o -name b \\) -exec ls {} \\;",
    "printf '%s\\n' \"${a[@]/%/x}\"",
    "jq '.a | .b' f",
    "curl -d \"{\\\"a\\\": \\\"$b\\\"}\" u",
    "ls # comment",
    "# only",
    "trap 'ls' EXIT",
    "[ \"$a\" = b ] && { ls; exit 1; }",
    "case $x in\n  a|b) ls;;\n  *) ;;\nesac",
    "select x in a b; do echo $x; break; done",
    "for i in 1 2; { echo $i; }",
    "[[ $a == *.txt && ! -e x ]]",
    "f() [[ -n x ]]",
];

/// What a slip leaves.
const BROKEN: &[&str] = &[
    ";",
    "ls ;; ls",
    "ls )",
    "( ls",
    "{ ls",
    "ls }\n}",
    "if true; then ls",
    "if true then ls; fi",
    "then",
    "fi",
    "done",
    "do ls; done",
    "for i in a; do ls",
    "while true; ls; done",
    "ls |",
    "ls &&",
    "| ls",
    "&& ls",
    "ls || || ls",
    "ls >",
    "ls <<",
    "echo 'a",
    "echo \"a",
    "echo `ls",
    "echo $(ls",
    "echo ${x",
    "f( { ls; }",
    "()",
    "if ; then ls; fi",
    "if true; then fi",
    "a=(1 2",
    "ls &;",
    "echo a (b)",
    "esac",
    "elif true; then",
    "case x a) ls;; esac",
    "ls !(x)",
    "while true; do done",
    "cat <<E\nx",
    "echo $(case x in a) ls;; esac)",
];

/// How a piece, or two, are put together.
const FRAMES: &[&str] = &[
    "@A@",
    "@A@\n@B@",
    "if @A@\nthen\n@B@\nfi",
    "(\n@A@\n)",
    "x=$(\n@A@\n)",
    "{ @A@\n@B@\n}",
    "for i in a; do\n@A@\ndone",
    "@B@\nwhile :; do\n@A@\nbreak\ndone",
    "g() {\n@A@\n}",
];

fn bash_takes(code: &str) -> bool {
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(code.as_bytes()).unwrap();
    bash.wait().unwrap().success()
}

#[test]
fn our_verdict_and_that_of_bash_agree_and_what_we_cannot_read_is_no_error_of_the_document() {
    let pieces: Vec<&str> = WHOLE.iter().chain(BROKEN).copied().collect();
    let (mut wrong, mut bad, mut unread, mut count) = (Vec::new(), 0, 0, 0);
    for (number, piece) in pieces.iter().enumerate() {
        for (turn, frame) in FRAMES.iter().enumerate() {
            let other = WHOLE[(number * 7 + turn * 3) % WHOLE.len()];
            let code = format!("{}\n", frame.replace("@A@", piece).replace("@B@", other));
            let problem = shell::analyse(&code).problem;
            let verdict = match &problem {
                None => Some(true),
                Some(problem) if problem.certain => Some(false),
                Some(_) => None,
            };
            let takes = bash_takes(&code);
            count += 1;
            bad += usize::from(!takes);
            unread += usize::from(verdict.is_none());
            if verdict.is_some_and(|verdict| verdict != takes) {
                wrong.push(format!("bash {takes}, we {verdict:?} ({problem:?}):\n{code}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(bad > 100 && unread * 3 < count, "{bad} of {count} are no shell, {unread} are not understood");
}
