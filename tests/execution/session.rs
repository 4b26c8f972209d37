//! What goes from one action to the next, and that no value can become a command.

use proptest::prelude::*;
use warroom::runbook::run::Ending;

use crate::runs::{Run, given, secret};

#[test]
fn variables_folder_and_umask_are_there_in_the_next_action() {
    let run = Run::new();
    run.run("cd /usr; A=plain; export B=exported; L=(one 'two three'); L[7]=seven; declare -A M=([k]=v ['x ]$y']=z); umask 027; unset HOME; f() { :; }")
        .succeeded();
    let done = run
        .run("pwd; echo $A; env | grep ^B=; declare -p L M; umask; echo ${HOME-gone}; declare -F f || echo no function")
        .succeeded();
    assert_eq!(
        done.output,
        "/usr\nplain\nB=exported\ndeclare -a L=([0]=\"one\" [1]=\"two three\" [7]=\"seven\")\n\
         declare -A M=([k]=\"v\" [\"x ]\\$y\"]=\"z\" )\n0027\ngone\nno function\n"
    );
}

#[test]
fn a_failing_action_and_an_exit_in_the_middle_keep_what_they_set() {
    let run = Run::new();
    assert_eq!(run.run("A=1; false; B=2").end.ending, Ending::Exited { code: 1 });
    assert_eq!(run.run("C=3; cd /; exit 4; D=4").end.ending, Ending::Exited { code: 4 });
    assert_eq!(run.run("echo $A ${B-none} $C ${D-none}; pwd").output, "1 none 3 none\n/\n");
    let done = run.run("A=9; trap 'echo bye $A $?' EXIT; exit 5");
    assert_eq!((done.end.ending, done.output.as_str()), (Ending::Exited { code: 5 }, "bye 9 5\n"));
    assert_eq!(run.run("echo $A").output, "9\n");
    let done = run.run("A=10; exec true").succeeded();
    assert!(done.end.notes[0].contains("session is as it was"), "{:?}", done.end.notes);
    assert_eq!(run.run("echo $A").output, "9\n");
}

#[test]
fn a_given_value_holds_until_an_action_changes_it_and_again_when_a_person_does() {
    let run = Run::new();
    let with = |value: &str, code: &str| {
        let mut order = run.order(code);
        order.variables.push(given("FILE", value));
        run.run_order(&order).succeeded().output
    };
    assert_eq!(with("a", "echo $FILE"), "a\n");
    assert_eq!(with("a", "FILE=b"), "");
    assert_eq!(with("a", "echo $FILE"), "b\n");
    assert_eq!(with("c", "echo $FILE"), "c\n");
}

#[test]
fn actions_beside_each_other_do_not_undo_what_the_other_set() {
    let run = Run::new();
    run.run("OLD=1; GONE=1").succeeded();
    let flag = run.path().join("flag");
    let slow =
        run.start(&run.order(&format!("A=slow; unset GONE; while ! [ -e {} ]; do sleep 0.01; done", flag.display())));
    run.run("B=quick; OLD=2; cd /usr").succeeded();
    std::fs::write(&flag, "").unwrap();
    slow.end().succeeded();
    assert_eq!(run.run("echo $A $B $OLD ${GONE-gone}; pwd").output, "slow quick 2 gone\n/usr\n");
}

#[test]
fn a_value_of_a_megabyte_arrives_and_says_what_it_cannot_do() {
    let run = Run::new();
    let value: String = "0123456789'\"$(exit)\n".chars().cycle().take(1 << 20).collect();
    let mut order = run.order("printf %s \"$BIG\" | sha256sum; /bin/true; KEPT=$BIG");
    order.variables.push(given("BIG", &value));
    let done = run.run_order(&order).succeeded();
    use sha2::Digest;
    let digest: String = sha2::Sha256::digest(value.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(done.output, format!("{digest}  -\n"));
    assert!(done.end.notes[0].starts_with("BIG is 1024 KiB long: bash has it"), "{:?}", done.end.notes);
    assert_eq!(run.run("printf %s \"$KEPT\" | sha256sum").succeeded().output, format!("{digest}  -\n"));
}

#[test]
fn a_value_that_no_variable_can_hold_is_refused_before_the_start() {
    let run = Run::new();
    let mut order = run.order("echo started");
    order.variables.push(given("X", "a\0b"));
    let done = run.run_order(&order);
    let Ending::NotStarted { why } = done.end.ending else { panic!("{:?}", done.end) };
    assert_eq!(why, "the value of X holds a NUL character, which no variable can hold");
    assert_eq!(done.output, "");
}

#[test]
fn a_secret_goes_on_in_values_that_hold_it_and_is_not_in_the_session() {
    let run = Run::new();
    let with = |code: &str| {
        let mut order = run.order(code);
        order.variables.push(secret("PASSWORD", "hunter2-very-secret"));
        run.run_order(&order).succeeded()
    };
    with("URL=postgres://app:$PASSWORD@db/; B64=$(printf %s \"$PASSWORD\" | base64)");
    let stored = std::fs::read_to_string(run.path().join("session/session.json")).unwrap();
    assert!(!stored.contains("hunter2") && stored.contains(r#"{"secret":"PASSWORD"}"#), "{stored}");
    let done = with("[ \"$URL\" = postgres://app:hunter2-very-secret@db/ ]; echo \"$URL ${B64-none}\"");
    assert_eq!(done.output, "postgres://app:[PASSWORD]@db/ none\n");
    assert_eq!(done.end.variables["URL"], None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_value_can_become_a_command(value in "(\\PC|[\n\r\t'\"`$\\\\;&|<>(){}*?!#~-]|\\$\\(touch PWNED\\)|`touch PWNED`|\\\\|\\]\\]){0,40}") {
        let run = Run::new();
        let mut order = run.order("printf '%s' \"$V\" >got\nCOPY=$V\nA=(\"$V\")\ndeclare -A M=([k\"$V\"]=$V)\n");
        order.variables.push(given("V", &value));
        run.run_order(&order).succeeded();
        prop_assert_eq!(std::fs::read_to_string(run.path().join("got")).unwrap(), value.clone());
        run.run("printf '%s' \"$COPY\" >got1; printf '%s' \"${A[0]}\" >got2; printf '%s' \"${!M[@]}\" >got3; printf '%s' \"${M[@]}\" >got4").succeeded();
        for (file, wanted) in [("got1", value.clone()), ("got2", value.clone()), ("got3", format!("k{value}")), ("got4", value.clone())] {
            prop_assert_eq!(std::fs::read_to_string(run.path().join(file)).unwrap(), wanted);
        }
        prop_assert!(!run.path().join("PWNED").exists());
    }
}
