//! Addresses by the ranges that hold them.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// One address for each class, and the unknown one.
///
/// Complete: along the addresses of a family what holds them changes only where a range begins or behind where one ends.
///
/// `asked`: whether somebody looks at addresses at all. That one is known may matter where no range is named.
pub(super) fn classes(ranges: &[IpNet], asked: bool) -> Vec<Option<IpAddr>> {
    if !asked && ranges.is_empty() {
        return vec![None];
    }
    let mut candidates = vec![
        IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    ];
    for range in ranges {
        candidates.push(range.network());
        candidates.extend(behind(range.broadcast()));
    }
    let mut seen = HashSet::new();
    let mut classes = vec![None];
    for candidate in candidates {
        // As the request path has it.
        let address = candidate.to_canonical();
        let held: Vec<bool> = ranges
            .iter()
            .map(|range| range.contains(&address))
            .collect();
        if seen.insert((address.is_ipv4(), held)) {
            classes.push(Some(address));
        }
    }
    classes
}

fn behind(last: IpAddr) -> Option<IpAddr> {
    match last {
        IpAddr::V4(last) => u32::from(last)
            .checked_add(1)
            .map(|next| IpAddr::V4(next.into())),
        IpAddr::V6(last) => u128::from(last)
            .checked_add(1)
            .map(|next| IpAddr::V6(next.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_ranges_and_ranges_side_by_side_have_one_class_each() {
        let ranges: Vec<IpNet> = ["10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16", "2001:db8::/32"]
            .iter()
            .map(|range| range.parse().unwrap())
            .collect();
        let classes = classes(&ranges, true);
        let held = |address: &str| {
            let address: IpAddr = address.parse().unwrap();
            let of = |address: IpAddr| -> Vec<bool> {
                ranges
                    .iter()
                    .map(|range| range.contains(&address))
                    .collect()
            };
            let alike = classes.iter().flatten();
            alike
                .filter(|class| of(**class) == of(address) && class.is_ipv4() == address.is_ipv4())
                .count()
        };
        for address in [
            "10.9.9.9",
            "10.1.2.3",
            "10.2.2.3",
            "192.0.2.1",
            "2001:db8::1",
            "::1",
        ] {
            assert_eq!(held(address), 1, "{address}: {classes:?}");
        }
        assert!(classes.contains(&None));
        assert_eq!(super::classes(&[], false), [None]);
        assert!(super::classes(&[], true).len() > 1);
    }
}
