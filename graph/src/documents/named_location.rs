//! Graph's `namedLocation`: `ipNamedLocation` and `countryNamedLocation`.

use ipnet::IpNet;
use serde::{Deserialize, Deserializer};

use crate::reader::values::{AnyId, Kept, Label, Object, read_text, words};

/// Graph's `ipNamedLocation` or `countryNamedLocation`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct LocationDocument {
    #[serde(rename = "@odata.type")]
    pub(crate) odata_type: Option<LocationType>,
    pub(crate) id: Option<AnyId>,
    #[serde(rename = "displayName")]
    _display_name: Option<Label>,
    #[serde(rename = "createdDateTime")]
    _created_date_time: Option<Label>,
    #[serde(rename = "modifiedDateTime")]
    _modified_date_time: Option<Label>,
    #[serde(rename = "deletedDateTime")]
    _deleted_date_time: Option<Label>,
    pub(crate) is_trusted: Option<bool>,
    pub(crate) ip_ranges: Option<Vec<Object<IpRange>>>,
    pub(crate) countries_and_regions: Option<Kept>,
    #[serde(rename = "countryLookupMethod")]
    _country_lookup_method: Option<Kept>,
    #[serde(rename = "includeUnknownCountriesAndRegions")]
    _include_unknown_countries_and_regions: Option<Kept>,
}

words! {
    /// Which of the two a named location is.
    LocationType, "a kind of named location", "`#microsoft.graph.ipNamedLocation` or `#microsoft.graph.countryNamedLocation`" {
        Ip = "#microsoft.graph.ipNamedLocation",
        Country = "#microsoft.graph.countryNamedLocation",
    }
}

/// Graph's `iPv4CidrRange` or `iPv6CidrRange`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct IpRange {
    #[serde(rename = "@odata.type")]
    _odata_type: Option<Label>,
    pub(crate) cidr_address: Option<Cidr>,
}

/// An address range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cidr(pub(crate) IpNet);

impl<'de> Deserialize<'de> for Cidr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(
            deserializer,
            "an address range such as `192.0.2.0/24`",
            |text| {
                text.parse::<IpNet>().map(|range| Self(range.trunc())).map_err(|_| {
                format!("`{text}` is not an address range; expected one such as `192.0.2.0/24` or `2001:db8::/32`")
            })
            },
        )
    }
}
