//! How a person is named, and who is a second one.

/// What stands before the name of the user who logged in.
const LOGIN: &str = " (login ";

/// `alice@bastion-1`, or `root@bastion-1 (login alice)` for somebody who logged in as another user than they act as.
pub fn named(user: &str, machine: &str, login: Option<&str>) -> String {
    let at = if machine.is_empty() { user.to_owned() } else { format!("{user}@{machine}") };
    match login {
        Some(login) => format!("{at}{LOGIN}{login})"),
        None => at,
    }
}

/// True for a name that is somebody, and not the person who asks, with or without the machine: neither as whom they act nor as
/// whom they have logged in.
pub fn is_another(name: &str, first: &str) -> bool {
    let (others, own) = (persons(name), persons(first));
    !others.is_empty() && others.iter().all(|person| !own.contains(person))
}

/// The users that a name names, in lower case.
fn persons(name: &str) -> Vec<String> {
    let (user, login) = match name.split_once(LOGIN) {
        Some((user, login)) => (user, login.trim_end_matches(')')),
        None => (name, ""),
    };
    let user = user.split('@').next().unwrap_or_default();
    [user, login].into_iter().map(|person| person.trim().to_lowercase()).filter(|person| !person.is_empty()).collect()
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

    #[test]
    fn a_person_under_another_user_is_no_second_one() {
        let as_root = named("root", "bastion-1", Some("alice"));
        assert_eq!(as_root, "root@bastion-1 (login alice)");
        assert!(!is_another(&as_root, "alice@bastion-1"));
        assert!(!is_another("alice@bastion-1", &as_root));
        assert!(!is_another(&named("bob", "bastion-1", Some("alice")), "alice@bastion-1"));
        assert!(is_another("bob@bastion-1", &as_root));
    }
}
