//! What we send: an `AuthnRequest` by way of the browser, and our metadata (SAML 2.0 Core, section 3.4.1; Bindings, section
//! 3.4; Metadata, section 2.4.4).

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use minijinja::HtmlEscape;
use url::Url;

/// A sign-in that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Nobody can guess it: [`request_id`] of an attempt's state.
    pub id: &'a str,
    /// Our `entityID`.
    pub issuer: &'a str,
    /// The provider's address for the HTTP Redirect binding.
    pub destination: &'a Url,
    /// Where the answer is posted to.
    pub acs_url: &'a str,
    /// A sign-in from before does not do.
    pub force_authn: bool,
    /// The `AuthnContextClassRef`s, of which one has to be.
    pub requested_context: &'a [String],
    /// The time, in seconds.
    pub now: u64,
}

/// What a provider is told of us.
#[derive(Clone, Copy, Debug)]
pub struct ServiceProvider<'a> {
    /// Our `entityID`.
    pub entity_id: &'a str,
    /// Where answers are posted to.
    pub acs_url: &'a str,
}

/// The id is not one, or the time is none that can be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the request cannot be written")]
pub struct Unwritable;

/// An `ID` for a request, which an attempt's state as it is may not be: those begin with no digit.
#[must_use]
pub fn request_id(state: &str) -> String {
    format!("_{state}")
}

/// Where the browser goes to sign in. It brings `relay_state` back; 80 bytes of it at most (Bindings, section 3.4.3).
///
/// # Errors
/// The id or the time cannot be written.
pub fn authn_request(request: &Request<'_>, relay_state: &str) -> Result<Url, Unwritable> {
    let xml = authn_request_xml(request)?;
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
    deflated.write_all(xml.as_bytes()).map_err(|_| Unwritable)?;
    let deflated = deflated.finish().map_err(|_| Unwritable)?;
    let mut url = request.destination.clone();
    url.query_pairs_mut()
        .append_pair("SAMLRequest", &STANDARD.encode(deflated))
        .append_pair("RelayState", relay_state);
    Ok(url)
}

fn authn_request_xml(request: &Request<'_>) -> Result<String, Unwritable> {
    if !is_name(request.id) {
        return Err(Unwritable);
    }
    let seconds = i64::try_from(request.now).map_err(|_| Unwritable)?;
    let instant = Timestamp::from_second(seconds).map_err(|_| Unwritable)?;
    let force = if request.force_authn {
        " ForceAuthn=\"true\""
    } else {
        ""
    };
    let mut contexts = String::new();
    if !request.requested_context.is_empty() {
        contexts.push_str("<samlp:RequestedAuthnContext Comparison=\"exact\">");
        for context in request.requested_context {
            let context = HtmlEscape(context);
            contexts.push_str(&format!(
                "<saml:AuthnContextClassRef>{context}</saml:AuthnContextClassRef>"
            ));
        }
        contexts.push_str("</samlp:RequestedAuthnContext>");
    }
    Ok(format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" Version=\"2.0\" \
         IssueInstant=\"{instant}\" Destination=\"{destination}\"{force} \
         ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
         AssertionConsumerServiceURL=\"{acs_url}\"><saml:Issuer>{issuer}</saml:Issuer>{contexts}\
         </samlp:AuthnRequest>",
        id = request.id,
        destination = HtmlEscape(request.destination.as_str()),
        acs_url = HtmlEscape(request.acs_url),
        issuer = HtmlEscape(request.issuer),
    ))
}

/// Our metadata, for the provider's administrator.
#[must_use]
pub fn metadata(us: &ServiceProvider<'_>) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{entity_id}\">\n\
         \x20 <md:SPSSODescriptor AuthnRequestsSigned=\"false\" WantAssertionsSigned=\"true\" \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\n\
         \x20   <md:AssertionConsumerService index=\"0\" isDefault=\"true\" \
         Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{acs_url}\"/>\n\
         \x20 </md:SPSSODescriptor>\n\
         </md:EntityDescriptor>\n",
        entity_id = HtmlEscape(us.entity_id),
        acs_url = HtmlEscape(us.acs_url),
    )
}

// An `xs:ID`, of letters that need no thought.
fn is_name(id: &str) -> bool {
    id.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::DeflateDecoder;

    use super::*;
    use crate::signed_xml::Xml;

    fn request<'a>(id: &'a str, destination: &'a Url, contexts: &'a [String]) -> Request<'a> {
        Request {
            id,
            issuer: "https://payroll.example/a?b&c",
            destination,
            acs_url: "https://payroll.example/.crossgate/saml/contoso",
            force_authn: true,
            requested_context: contexts,
            now: 1_000_000_000,
        }
    }

    #[test]
    fn a_browser_is_sent_with_a_request_and_what_it_brings_back() {
        let destination = Url::parse("https://id.example/sso?tenant=a&b=\"").unwrap();
        let contexts = ["urn:a<b".to_owned()];
        let url = authn_request(&request("_x", &destination, &contexts), "a b").unwrap();
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let names: Vec<&str> = query.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["tenant", "b", "SAMLRequest", "RelayState"]);
        assert_eq!(query[3].1, "a b");
        let deflated = STANDARD.decode(&query[2].1).unwrap();
        let mut source = String::new();
        DeflateDecoder::new(&*deflated)
            .read_to_string(&mut source)
            .unwrap();
        let xml = Xml::read(&source).unwrap();
        let root = xml.root();
        for (name, value) in [
            ("ID", "_x"),
            ("Version", "2.0"),
            ("IssueInstant", "2001-09-09T01:46:40Z"),
            ("Destination", "https://id.example/sso?tenant=a&b=%22"),
            ("ForceAuthn", "true"),
            (
                "AssertionConsumerServiceURL",
                "https://payroll.example/.crossgate/saml/contoso",
            ),
        ] {
            assert_eq!(root.attribute(name), Some(value), "{name}");
        }
        let texts: Vec<&str> = root.descendants().filter_map(|node| node.text()).collect();
        assert!(
            texts.contains(&"https://payroll.example/a?b&c"),
            "{texts:?}"
        );
        assert!(texts.contains(&"urn:a<b"), "{texts:?}");
    }

    #[test]
    fn an_id_that_is_none_is_not_sent() {
        let destination = Url::parse("https://id.example/").unwrap();
        for id in ["", "1a", "-a", "a b", "a\"b", "ä"] {
            let sent = authn_request(&request(id, &destination, &[]), "");
            assert_eq!(sent, Err(Unwritable), "{id:?}");
        }
        let id = request_id("1-a_");
        assert!(authn_request(&request(&id, &destination, &[]), "").is_ok());
    }

    #[test]
    fn our_metadata_says_where_answers_go_and_that_they_are_signed() {
        let told = metadata(&ServiceProvider {
            entity_id: "https://payroll.example/\"<&'",
            acs_url: "https://payroll.example/.crossgate/saml/contoso",
        });
        let xml = Xml::read(&told).unwrap();
        assert_eq!(
            xml.root().attribute("entityID"),
            Some("https://payroll.example/\"<&'")
        );
        let md = "urn:oasis:names:tc:SAML:2.0:metadata";
        let service = xml.all(md, "AssertionConsumerService").next().unwrap();
        assert_eq!(
            service.attribute("Location"),
            Some("https://payroll.example/.crossgate/saml/contoso")
        );
        let descriptor = xml.all(md, "SPSSODescriptor").next().unwrap();
        assert_eq!(descriptor.attribute("WantAssertionsSigned"), Some("true"));
    }
}
