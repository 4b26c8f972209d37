//! Unix groups, as the system knows them: also those of a directory service.

use rustix::process::{getegid, geteuid, getgroups};

/// A Unix group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub gid: u32,
    /// Its name, or its number when it has none.
    pub name: String,
}

/// The group of this name or number. A number need not have a name.
pub fn find(wanted: &str) -> Option<Group> {
    if let Some(group) = uzers::get_group_by_name(wanted) {
        return Some(Group { gid: group.gid(), name: wanted.to_owned() });
    }
    wanted.parse().ok().map(|gid| Group { gid, name: name(gid) })
}

/// The group's name, or its number.
pub fn name(gid: u32) -> String {
    let known = uzers::get_group_by_gid(gid);
    known.map_or_else(|| gid.to_string(), |group| group.name().to_string_lossy().into_owned())
}

/// Whether this process acts as a member of the group. Root may whatever members may.
pub fn is_member(gid: u32) -> bool {
    geteuid().is_root()
        || getegid().as_raw() == gid
        || getgroups().is_ok_and(|groups| groups.iter().any(|group| group.as_raw() == gid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_by_its_name_and_by_its_number() {
        let root = Group { gid: 0, name: "root".to_owned() };
        assert_eq!(find("root"), Some(root.clone()));
        assert_eq!(find("0"), Some(root));
        assert_eq!(find("4294967290"), Some(Group { gid: 4_294_967_290, name: "4294967290".to_owned() }));
        assert_eq!(find("no-such-group"), None);
        assert!(is_member(getegid().as_raw()));
    }
}
