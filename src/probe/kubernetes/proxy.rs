//! Which hosts the environment's proxy is not for.

use std::net::IpAddr;

/// True when `NO_PROXY` (or `no_proxy`) names the host, or the host is this machine.
pub(super) fn bypassed(host: &str) -> bool {
    let list = std::env::var("NO_PROXY").or_else(|_| std::env::var("no_proxy")).unwrap_or_default();
    named(host, &list)
}

/// As Go's `httpproxy` reads the list: names with their subdomains, addresses, networks in CIDR notation, `*`.
fn named(host: &str, list: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    list.split([',', ' ']).map(|entry| entry.trim().to_ascii_lowercase()).filter(|entry| !entry.is_empty()).any(
        |entry| {
            if entry == "*" {
                return true;
            }
            match (address, entry.split_once('/')) {
                (Some(address), Some((network, bits))) => match (network.parse(), bits.parse()) {
                    (Ok(network), Ok(bits)) => within(address, network, bits),
                    _ => false,
                },
                (Some(address), None) => entry.parse() == Ok(address),
                (None, _) => {
                    let name = entry.trim_start_matches('*').trim_start_matches('.');
                    host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))
                }
            }
        },
    )
}

fn within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            a.to_bits() & mask == n.to_bits() & mask
        }
        (IpAddr::V6(a), IpAddr::V6(n)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            a.to_bits() & mask == n.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_is_read_as_kubectl_reads_it() {
        for (host, list, expected) in [
            ("api.example.com", "example.com", true),
            ("api.example.com", ".example.com", true),
            ("api.example.com", "*.example.com", true),
            ("badexample.com", "example.com", false),
            ("10.2.3.4", "10.0.0.0/8", true),
            ("11.2.3.4", "10.0.0.0/8", false),
            ("10.2.3.4", "10.2.3.4", true),
            ("api.example.com", "*", true),
            ("api.example.com", "", false),
            ("127.0.0.1", "", true),
            ("[::1]", "", true),
            ("fd00::7", "fd00::/8", true),
        ] {
            assert_eq!(named(host, list), expected, "{host} {list}");
        }
    }
}
