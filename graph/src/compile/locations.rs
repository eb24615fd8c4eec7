//! Named locations, by id.

use std::collections::HashMap;

use crossgate_policy::ids::Id;
use ipnet::IpNet;

use super::defaults::unenforced;
use crate::documents::named_location::{LocationDocument, LocationType};
use crate::reader::path::At;
use crate::reader::report::Notes;
use crate::reader::values::set;

/// What a named location stands for.
#[derive(Debug)]
pub(crate) enum Location {
    /// Address ranges.
    Ranges {
        /// `isTrusted`.
        trusted: bool,
        /// `ipRanges`.
        ranges: Vec<IpNet>,
    },
    /// Countries, which are not looked up here.
    Countries,
}

/// All named locations.
#[derive(Debug, Default)]
pub(crate) struct Locations {
    by_id: HashMap<Id, Location>,
}

impl Locations {
    /// The location with this id.
    pub(crate) fn get(&self, id: &Id) -> Option<&Location> {
        self.by_id.get(id)
    }

    /// The ranges of every trusted location.
    pub(crate) fn trusted(&self) -> impl Iterator<Item = IpNet> {
        self.by_id.values().flat_map(|location| match location {
            Location::Ranges {
                trusted: true,
                ranges,
            } => ranges.clone(),
            Location::Ranges { trusted: false, .. } | Location::Countries => Vec::new(),
        })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Takes one location; its faults are noted.
    pub(crate) fn take(&mut self, document: LocationDocument, notes: &mut Notes<'_>) {
        let root = At::Root;
        let ip_ranges = document.ip_ranges.as_deref();
        let countries = set(document.countries_and_regions);
        let location = match (document.odata_type, ip_ranges) {
            (Some(LocationType::Country), Some([_, ..])) => {
                notes.fault(
                    &root.member("ipRanges"),
                    "a country location has no address ranges; remove them",
                );
                return;
            }
            (Some(LocationType::Country), _) => Location::Countries,
            (None, None | Some([])) if countries => Location::Countries,
            (_, Some([_, ..])) if countries => {
                notes.fault(
                    &root.member("countriesAndRegions"),
                    "an address location has no countries; remove them",
                );
                return;
            }
            (_, Some(ranges @ [_, ..])) => {
                let at = root.member("ipRanges");
                for (index, range) in ranges.iter().enumerate() {
                    if range.cidr_address.is_none() {
                        let at = at.item(index);
                        notes.fault(
                            &at.member("cidrAddress"),
                            "`cidrAddress` is missing; expected an address range such as `192.0.2.0/24`",
                        );
                    }
                }
                Location::Ranges {
                    trusted: document.is_trusted.unwrap_or(false),
                    ranges: ranges
                        .iter()
                        .filter_map(|range| range.cidr_address)
                        .map(|cidr| cidr.0)
                        .collect(),
                }
            }
            (_, None | Some([])) => {
                notes.fault(
                    &root.member("ipRanges"),
                    "the location has no address ranges; list at least one",
                );
                return;
            }
        };
        if matches!(location, Location::Countries) {
            let name = "countriesAndRegions";
            notes.advise(&root.member(name), &unenforced(name));
        }
        let Some(id) = document.id else {
            notes.fault(
                &root.member("id"),
                "`id` is missing; policies name the location by it",
            );
            return;
        };
        if self.by_id.insert(id.0.clone(), location).is_some() {
            notes.fault(
                &root.member("id"),
                format!(
                    "`{}` names another location already; keep one of them",
                    id.0
                ),
            );
        }
    }
}
