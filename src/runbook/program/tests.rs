//! Tests of the grammar files, and of how command lines are read.

use super::{library::all, *};

#[test]
fn every_file_can_be_read_and_names_no_program_twice() {
    let mut names = Vec::new();
    let mut wrong = Vec::new();
    for program in all() {
        match program {
            Ok(program) => names.extend(program.names),
            Err(why) => wrong.push(why),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    names.sort();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert_eq!(twice, Vec::<&[String]>::new());
    for name in &names {
        assert!(find(name).is_some(), "{name} is not found by its name");
    }
}
