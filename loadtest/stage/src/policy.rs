//! The policy directory of an organisation with many partners and few ways to treat them.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use serde_json::{Value, json};

use crate::{Fault, names};

/// How a partner is treated.
#[derive(Clone, Copy)]
enum Treatment {
    Inherited,
    Trusted,
    Blocked,
    OneGroup,
    DirectConnect,
}

impl Treatment {
    /// Each fifth partner is treated alike.
    const fn of(partner: u64) -> Self {
        match partner % 5 {
            0 => Self::Inherited,
            1 => Self::Trusted,
            2 => Self::Blocked,
            3 => Self::OneGroup,
            _ => Self::DirectConnect,
        }
    }

    fn properties(self) -> Value {
        match self {
            Self::Inherited => json!({}),
            Self::Trusted => json!({
                "inboundTrust": { "isMfaAccepted": true, "isCompliantDeviceAccepted": true },
            }),
            Self::Blocked => {
                json!({ "b2bCollaborationInbound": setting("blocked", "AllUsers", "user") })
            }
            Self::OneGroup => json!({
                "b2bCollaborationInbound": setting("allowed", &names::group(1), "group"),
            }),
            Self::DirectConnect => json!({
                "b2bDirectConnectInbound": setting("allowed", "AllUsers", "user"),
                "tenantRestrictions": setting("allowed", "AllUsers", "user"),
            }),
        }
    }
}

/// Whether the policy lets a partner's guests in: who is in the one group is known to the partner only.
pub(crate) const fn admits(partner: u64) -> bool {
    match Treatment::of(partner) {
        Treatment::Inherited | Treatment::Trusted | Treatment::DirectConnect => true,
        Treatment::Blocked | Treatment::OneGroup => false,
    }
}

/// Writes the directory.
pub(crate) fn write(directory: &Path, partners: u64, guests: u64) -> Result<(), Fault> {
    std::fs::create_dir_all(directory)?;
    let mut file = BufWriter::new(File::create(directory.join("partners.jsonl"))?);
    for number in 1..=partners {
        let mut partner = Treatment::of(number).properties();
        if let Value::Object(members) = &mut partner {
            members.insert("tenantId".to_owned(), names::partner(number).into());
        }
        writeln!(file, "{partner}")?;
    }
    file.flush()?;

    let mut file = BufWriter::new(File::create(directory.join("guests.jsonl"))?);
    for number in 1..=guests {
        let guest = json!({
            "id": names::guest(number),
            "displayName": format!("Guest {number}"),
            "mail": format!("guest{number}@partner.example"),
            "userType": "Guest",
            "accountEnabled": true,
            "externalUserState": "Accepted",
            "crossgate": {
                "homeTenantId": names::partner(names::home(number, partners)),
                "homeUserId": names::home_account(number),
                "consentGiven": true,
            },
        });
        writeln!(file, "{guest}")?;
    }
    Ok(file.flush()?)
}

fn setting(access: &str, user: &str, kind: &str) -> Value {
    let half = |target: &str, kind: &str| json!({ "accessType": access, "targets": [{ "target": target, "targetType": kind }] });
    json!({ "usersAndGroups": half(user, kind), "applications": half("AllApplications", "application") })
}
