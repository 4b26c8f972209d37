//! Who is a second person.

/// True for a name that is somebody, and not the person who asks (with or without the machine).
pub fn is_another(name: &str, first: &str) -> bool {
    let person = |name: &str| name.split('@').next().unwrap_or_default().trim().to_lowercase();
    !person(name).is_empty() && person(name) != person(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_on_another_machine_is_no_second_one() {
        assert!(is_another("bob@bastion-1", "alice@bastion-1"));
        assert!(is_another("bob", "alice@bastion-1"));
        for same in ["alice@bastion-2", "alice", " Alice @x", "", "@bastion-1"] {
            assert!(!is_another(same, "alice@bastion-1"), "{same}");
        }
    }
}
