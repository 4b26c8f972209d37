//! Who acts: the Unix user, the user of the login, and the machine.

/// What the kernel says when nobody has logged in.
const NO_LOGIN: u32 = u32::MAX;

/// The Unix user of this process, whatever variables such as `SUDO_USER` say.
pub fn user() -> String {
    let uid = uid();
    let variable = std::env::var("USER").ok().filter(|value| !value.is_empty());
    // Without an account there is only what the user says of themselves.
    account(uid).or(variable).unwrap_or_else(|| format!("uid-{uid}"))
}

/// Who logged in, when that is another user than the process runs as and the kernel knows it.
pub fn logged_in() -> Option<String> {
    let login = login(&std::fs::read_to_string("/proc/self/loginuid").unwrap_or_default())?;
    (login != uid()).then(|| account(login).unwrap_or_else(|| format!("uid-{login}")))
}

/// The machine's name, empty where it has none.
pub fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

fn uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The account's name: what `USER` says can be set by anybody, this cannot.
pub fn account(uid: u32) -> Option<String> {
    uzers::get_user_by_uid(uid).map(|user| user.name().to_string_lossy().into_owned())
}

/// The user of the login that this process comes from, which no `sudo` or `su` changes; `None` when it comes from none.
fn login(loginuid: &str) -> Option<u32> {
    loginuid.trim().parse().ok().filter(|uid| *uid != NO_LOGIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_kernel_says_who_logged_in() {
        assert_eq!(login("1000"), Some(1000));
        assert_eq!(login("0\n"), Some(0));
        for unknown in ["4294967295", "", "alice", "-1"] {
            assert_eq!(login(unknown), None, "{unknown}");
        }
    }
}
