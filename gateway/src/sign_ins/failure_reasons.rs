//! What an AADSTS number means, for `status.failureReason`: in our own words, for a reader of logs.

/// The text for a number of decision.md, section 12; 0 has none.
pub(super) fn failure_reason(code: u32) -> Option<&'static str> {
    Some(match code {
        50_003 => {
            "The token names a signing key that its issuer does not publish, or one that does not fit."
        }
        50_006 => "The token's signature does not hold.",
        50_010 => "The token was issued for another audience than this application.",
        50_013 => {
            "The token's issuer, tenant or proof of possession contradicts what is configured or claimed."
        }
        50_014 => "The guest has not redeemed the invitation yet.",
        50_020 => "The user is not a guest of this organisation.",
        50_027 => "The token is not a usable access token.",
        50_057 => "The guest's account in this organisation is disabled or deleted.",
        50_058 => "The request carries no token.",
        50_076 => {
            "Multifactor authentication, or a stronger sign-in, is needed for this application."
        }
        50_105 => "The application does not take this client, scope, role or user.",
        50_158 => "The terms of use were not accepted.",
        50_173 => "The sign-in behind the token was revoked; a fresh one is needed.",
        50_126 => "The code that was mailed is not this one, or it has expired.",
        53_000 => "A compliant device is needed for this application.",
        53_001 => "A device joined to the organisation's domain is needed for this application.",
        53_003 => "A Conditional Access policy blocks the access.",
        65_001 => "The guest has not consented to this organisation's use of their data.",
        70_000 => "The identity provider does not take the code of the sign-in.",
        70_008 => "The sign-in took too long.",
        90_033 => "Something that the sign-in needs did not answer.",
        90_123 => "The identity provider did not sign the person in.",
        500_021 => "The network's list of permitted organisations does not name this one.",
        500_022 => "The network does not permit consumer Microsoft accounts.",
        50_008 => "The assertion of the identity provider is not one that counts.",
        5_000_819 => {
            "The assertion of the identity provider has no mail address that it may speak for."
        }
        500_133 => "The token is outside its time of validity.",
        500_212 => {
            "The organisation's settings do not let this user out to that organisation or application."
        }
        500_213 => "This organisation's settings do not admit this user of the other organisation.",
        1_000_108 => "The tenant-restriction policy that was named is not the one in force.",
        2_000_020 => "The token was not issued under the network's tenant-restriction policy.",
        5_000_211 => "Tenant restrictions do not permit this account to reach that organisation.",
        9_002_313 => "The tenant-restriction headers of the request cannot be read.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_policy::Reason;
    use crossgate_policy::decision::TokenRefusal;

    #[test]
    fn every_number_a_refusal_can_have_is_put_into_words() {
        let token = [50_003, 50_006, 50_010, 50_013, 50_027, 500_133].map(|code| {
            Reason::Token(TokenRefusal {
                code,
                reason: "rule",
            })
        });
        let others = [
            Reason::NoToken,
            Reason::Revoked,
            Reason::MalformedRestrictionHeaders,
            Reason::WrongRestrictionPolicy,
            Reason::RestrictionClaimMismatch,
            Reason::ResourceTenantNotListed,
            Reason::MicrosoftAccountsRestricted,
            Reason::RestrictionClaimMissing,
            Reason::HomeCloudNotEnabled,
            Reason::ResourceCloudNotEnabled,
            Reason::InboundNotAdmitted,
            Reason::AppNotListed,
            Reason::PartnerDidNotConsent,
            Reason::InboundMembershipUnknown,
            Reason::OutboundNotAdmitted,
            Reason::OutboundMembershipUnknown,
            Reason::TenantRestricted,
            Reason::RestrictionMembershipUnknown,
            Reason::GuestUnknown,
            Reason::GuestDisabled,
            Reason::GuestPending,
            Reason::GuestConsentMissing,
            Reason::BlockedByPolicy,
            Reason::DeviceNotCompliant,
            Reason::DeviceNotHybridJoined,
            Reason::MfaCannotBeMet,
            Reason::MfaRequired,
            Reason::TermsOfUseRequired,
            Reason::AppRule,
        ];
        for reason in token.into_iter().chain(others) {
            assert!(failure_reason(reason.code()).is_some(), "{reason:?}");
        }
        assert_eq!(failure_reason(0), None);
    }
}
