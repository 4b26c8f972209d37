//! Who acts: the user's name and the machine's, as they stand in every event.

/// `alice@bastion-1`. With `sudo` it is the person behind it.
pub fn responder() -> String {
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let uid = rustix::process::getuid().as_raw();
    let user = named("SUDO_USER").or_else(|| account(uid)).or_else(|| named("USER"));
    let user = user.unwrap_or_else(|| format!("uid-{uid}"));
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match machine.trim() {
        "" => user,
        machine => format!("{user}@{machine}"),
    }
}

/// The account's name: what `USER` says can be set by anybody, this cannot.
pub fn account(uid: u32) -> Option<String> {
    uzers::get_user_by_uid(uid).map(|user| user.name().to_string_lossy().into_owned())
}
