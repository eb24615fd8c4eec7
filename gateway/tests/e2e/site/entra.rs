//! Contoso, Fabrikam and Microsoft accounts where most organisations have them: at `login.microsoftonline.com`, each with a
//! path of its own.

use crossgate_testkit::certificate::Certificate;
use crossgate_testkit::entra;
use crossgate_testkit::gateway::OWN_TENANT;
use crossgate_testkit::people::People;
use serde_json::{Value, json};

use super::people::Lobby;
use super::{FABRIKAM, MICROSOFT_ACCOUNTS};

/// Contoso's own `ada@contoso.com`.
pub const ADA: &str = "dddddddd-0000-4000-8000-0000000000ad";
/// Fabrikam's `frida@fabrikam.com`, who has a guest record.
pub const FRIDA: &str = "dddddddd-0000-4000-8000-0000000000f1";
/// Her record in Contoso.
pub const FRIDAS_RECORD: &str = "dddddddd-1111-4111-8111-0000000000f1";
/// Fabrikam's `fred@fabrikam.com`, who has none.
pub const FRED: &str = "dddddddd-0000-4000-8000-0000000000f2";
/// The Microsoft account `mo@outlook.com`, whose object id is of the form that all of them have.
const MO: &str = "00000000-0000-0000-66f3-3332eca7ea81";
/// Its record in Contoso.
pub const MOS_RECORD: &str = "dddddddd-1111-4111-8111-0000000000e0";

/// Entra, while this is there.
pub struct Entra {
    /// Where Microsoft accounts sign in.
    pub consumers: People,
    _front: entra::Entra,
}

impl Entra {
    /// Entra before an app that all three come to.
    pub fn before_a_lobby() -> (Self, Lobby) {
        let [contoso, fabrikam, consumers] =
            [OWN_TENANT, FABRIKAM, MICROSOFT_ACCOUNTS].map(People::of_entra);
        contoso.account(&user(ADA, "ada@contoso.com", &json!({})));
        fabrikam.account(&user(FRIDA, "frida@fabrikam.com", &json!({})));
        fabrikam.account(&user(FRED, "fred@fabrikam.com", &json!({})));
        consumers.account(&user(MO, "mo@outlook.com", &json!({})));
        let tenants = [
            (OWN_TENANT, &contoso),
            (FABRIKAM, &fabrikam),
            (MICROSOFT_ACCOUNTS, &consumers),
        ];
        let directory = tempfile::tempdir().unwrap();
        let certificate = Certificate::make(directory.path(), &[entra::Entra::HOST]);
        let front = entra::Entra::start(&certificate, &tenants);
        let lobby = Lobby::of(contoso, fabrikam, |_, tenant| {
            format!("kind = \"entra\"\ntenants = [\"{tenant}\"]")
        });
        consumers.client(&json!({
            "client_id": "crossgate", "client_secret": "a-secret-of-this-test",
            "redirect_uris": [format!("{}/.crossgate/callback/consumers", lobby.origin())],
        }));
        lobby.write(
            "entra.pem",
            &std::fs::read_to_string(certificate.cert).unwrap(),
        );
        lobby.write("policy/guests.jsonl", &records());
        let lobby = lobby
            .configure(|setup| {
                let authority = setup.directory().join("entra.pem");
                setup
                    .variable("SSL_CERT_FILE", authority.to_str().unwrap())
                    .section("guests", "directory = \"required\"")
                    .entries(&consumers_entries())
                    // What names a guest's home in Contoso's tokens is of two clouds.
                    .replacing(FABRIKAMS, &format!("{FABRIKAMS}\ncloud = \"global\""))
            })
            .behind(front.proxy());
        let entra = Self {
            consumers,
            _front: front,
        };
        (entra, lobby)
    }
}

/// Somebody with that object id, of whom tokens say this too. Their `sub` is another at each application.
pub fn user(oid: &str, address: &str, claims: &Value) -> Value {
    let mut all = json!({ "oid": oid });
    let more = claims.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(more);
    json!({ "sub": format!("sub-of-{address}"), "email": address, "name": address, "claims": all })
}

const FABRIKAMS: &str = "domains = [\"fabrikam.com\"]";

fn consumers_entries() -> String {
    format!(
        "[[issuer]]\nname = \"consumers\"\nkind = \"entra\"\ntenants = [\"{MICROSOFT_ACCOUNTS}\"]\n\
         [[provider]]\nname = \"consumers\"\nlabel = \"Microsoft account\"\nissuer = \"consumers\"\n\
         client_id = \"crossgate\"\nclient_secret = \"a-secret-of-this-test\"\n"
    )
}

fn records() -> String {
    let record = |id: &str, mail: &str, tenant: &str, user: &str| {
        json!({
            "id": id, "mail": mail, "userType": "Guest", "externalUserState": "Accepted", "accountEnabled": true,
            "crossgate": { "homeTenantId": tenant, "homeUserId": user, "consentGiven": true },
        })
    };
    format!(
        "{}\n{}\n",
        record(FRIDAS_RECORD, "frida@fabrikam.com", FABRIKAM, FRIDA),
        record(MOS_RECORD, "mo@outlook.com", MICROSOFT_ACCOUNTS, MO),
    )
}
