//! Whether a request may go on: the one place on the request path where a token is verified and `decide` is asked. Those that
//! are under way are decided again by the same rules.

use std::sync::Arc;
use std::time::Instant;

use crossgate_policy::context::{Context, RestrictionHeaders};
use crossgate_policy::decision::TokenRefusal;
use crossgate_policy::ids::{Id, ResourceTenant, UnixTime};
use crossgate_policy::snapshot::Snapshot;
use crossgate_policy::target::Target;
use crossgate_policy::{Caller, Decision};
use crossgate_token::{Expected, Issuers, KeySet, TokenFault, Unverified, verify};
use http::{HeaderMap, HeaderName};
use std::net::IpAddr;

use super::credential::{Credential, Presented};
use super::names;
use super::route::App;
use super::subject::refusal;
use super::token::KnownToken;
use super::tokens::{Basis, Found, TokenDigest, Tokens};
use crate::connections::{Open, Opener};
use crate::live::InForce;
use crate::ops::{ACCEPTED, Metrics, NO_KEYS};
use crate::people::{self, Call, PersonSession, Standing};
use crate::sign_ins::RestrictionValues;

/// What one request decides by: the same from its first step to its last.
pub struct Moment<'a, K> {
    /// The policy.
    pub snapshot: &'a Snapshot,
    /// Who may sign tokens.
    pub issuers: &'a Issuers,
    /// The keys of the issuer of a name.
    pub keys: K,
    /// Tells the keys and issuers of this moment from those of others.
    pub basis: Basis<'a>,
    /// The time.
    pub now: UnixTime,
}

/// Whom a request is for.
#[derive(Clone, Copy, Debug)]
pub struct Addressee<'a> {
    /// What it demands of its callers.
    pub target: &'a Target,
    /// Who owns it.
    pub resource: ResourceTenant,
    /// The `aud` of its tokens.
    pub audiences: &'a [Box<str>],
}

/// What a request brings, besides where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Brought<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The caller's address.
    pub client_ip: Option<IpAddr>,
    /// Who is signed in with the browser that sends it. Counts only where it brings no token.
    pub session: Option<&'a SignedIn>,
}

/// Somebody who is signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Their ID token, which was verified when it came.
    pub token: Arc<KnownToken>,
    /// What stands for the session where its uses are counted.
    pub digest: TokenDigest,
    /// How they stand by the settings in force.
    pub standing: Arc<Standing>,
}

/// What became of a request.
#[derive(Debug)]
pub struct Admission {
    /// The decision; the issuer's name where there are no keys to verify its token with.
    pub verdict: Result<Decision, NoKeys>,
    /// The token, where it was verified. Not yet that it was accepted: the decision says that.
    pub token: Option<Arc<KnownToken>>,
    /// The token's digest, also of one that was refused.
    pub token_digest: TokenDigest,
    /// Issuers that may have a key newer than ours.
    pub outdated: Box<[Arc<str>]>,
    /// When it was decided.
    pub decided: Option<Instant>,
}

/// Nothing is known of the issuer's keys yet, so the token can be neither accepted nor refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoKeys;

/// Decides whether a request may go on.
pub fn admit<'k, K: Fn(&str) -> Option<&'k KeySet>>(
    moment: &Moment<'_, K>,
    addressee: Addressee<'_>,
    brought: Brought<'_>,
    tokens: &Tokens,
    metrics: &Metrics,
) -> Admission {
    let mut admission = Admission {
        verdict: Err(NoKeys),
        token: None,
        token_digest: TokenDigest::NONE,
        outdated: Box::default(),
        decided: None,
    };
    let refused = match Credential::read(brought.headers) {
        Credential::None => {
            if let Some(session) = brought.session {
                admission.token = Some(Arc::clone(&session.token));
                admission.token_digest = session.digest;
            }
            None
        }
        Credential::Unacceptable(refusal) => {
            metrics.verifications.count(None, refusal.reason);
            Some(refusal)
        }
        Credential::Bearer(token) => {
            admission.token_digest = tokens.digest(token);
            match known(moment, token, admission.token_digest, tokens) {
                Err(NotKnown::NoToken(refusal)) => {
                    admission.token_digest = TokenDigest::NONE;
                    metrics.verifications.count(None, refusal.reason);
                    Some(refusal)
                }
                Ok((known, from)) => {
                    let accepted = accept(moment.now, addressee, &known);
                    keep(
                        moment,
                        admission.token_digest,
                        &known,
                        accepted,
                        from,
                        tokens,
                    );
                    let issuer = Some(&**known.verified.issuer());
                    match (accepted, from) {
                        (Err(fault), _) => metrics.verifications.count(issuer, fault.reason()),
                        (Ok(()), From::Verifier) => metrics.verifications.count(issuer, ACCEPTED),
                        (Ok(()), From::Packed | From::Ready) => {}
                    }
                    admission.token = Some(known);
                    accepted.err().map(refusal)
                }
                Err(NotKnown::Unverified(unverified)) => {
                    let fault = unverified.fault();
                    let result = fault.map_or(NO_KEYS, TokenFault::reason);
                    metrics.verifications.count(unverified.issuer(), result);
                    if let Unverified::UnknownKey {
                        not_in,
                        without_keys,
                        ..
                    } = unverified
                    {
                        admission.outdated = not_in.iter().chain(&without_keys).cloned().collect();
                    }
                    let Some(fault) = fault else {
                        return admission;
                    };
                    Some(refusal(fault))
                }
            }
        }
    };
    let caller = match (&refused, &admission.token) {
        (Some(refusal), _) => Caller::Refused(*refusal),
        (None, Some(token)) => Caller::Verified(&token.subject),
        (None, None) => Caller::Anonymous,
    };
    let (decision, decided) = decide(moment.snapshot, caller, addressee.target, brought, metrics);
    admission.verdict = Ok(decision);
    admission.decided = Some(decided);
    admission
}

/// Decides about what the gateway itself answers to everybody on an app's behalf.
#[must_use]
pub fn admit_anybody(
    snapshot: &Snapshot,
    app: &App,
    brought: Brought<'_>,
    metrics: &Metrics,
) -> Decision {
    decide(snapshot, Caller::Anonymous, &app.open, brought, metrics).0
}

/// Decides about a sign-in that was refused, for the record of it.
#[must_use]
pub fn admit_refused(
    snapshot: &Snapshot,
    app: &App,
    brought: Brought<'_>,
    refusal: TokenRefusal,
    metrics: &Metrics,
) -> Decision {
    let caller = Caller::Refused(refusal);
    decide(snapshot, caller, &app.called.target, brought, metrics).0
}

/// Decides about somebody who has just signed in, for the record of it: whether the app lets them in, its next request asks.
#[must_use]
pub fn admit_signed_in(
    snapshot: &Snapshot,
    app: &App,
    brought: Brought<'_>,
    signed_in: &SignedIn,
    metrics: &Metrics,
) -> Decision {
    let caller = Caller::Verified(&signed_in.token.subject);
    decide(snapshot, caller, &app.called.target, brought, metrics).0
}

/// Decides as if somebody had accepted these terms, to find those that are lacking.
#[must_use]
pub fn admit_with_terms(call: &Call<'_>, app: &App, who: &SignedIn, terms: &[Id]) -> Decision {
    let caller = Caller::Verified(&who.token.subject);
    let context = Context {
        client_ip: call.client_ip,
        restriction: restriction(call.headers),
        terms_accepted: terms,
        ..Context::default()
    };
    ask(
        &call.in_force.snapshot,
        caller,
        &app.called.target,
        &context,
    )
}

/// Decides about a request that is under way, as one that came now would be decided. Off the request path.
#[must_use]
pub fn admit_again(in_force: &InForce, now: UnixTime, app: &App, open: &Open) -> Decision {
    let known = |known: &KnownToken| {
        // Its signature was checked; whose word that is worth is a question to the settings of today.
        if in_force.issuers.named(known.verified.issuer()).is_none() {
            return Err(TokenFault::UnknownIssuer);
        }
        accept(now, app.addressee(), known)
    };
    let caller = match &open.opener {
        Opener::Anybody => Caller::Anonymous,
        Opener::Token(token) => match known(token) {
            Ok(()) => Caller::Verified(&token.subject),
            Err(fault) => Caller::Refused(refusal(fault)),
        },
        Opener::Session(session) if app.sign_in && still_signed_in(in_force, now, session) => {
            Caller::Verified(&session.subject.token.subject)
        }
        Opener::Session(_) => Caller::Refused(SIGNED_OUT),
    };
    let values = open.restriction.as_deref();
    let accepted = open.opener.accepted();
    let context = Context {
        client_ip: open.client_ip,
        restriction: values.map_or(RestrictionHeaders::Absent, RestrictionValues::read),
        terms_accepted: accepted.as_deref().unwrap_or_default(),
        ..Context::default()
    };
    ask(&in_force.snapshot, caller, &app.called.target, &context)
}

/// Whether a session that a request was opened with still counts. While the request is under way the session is in use.
fn still_signed_in(in_force: &InForce, now: UnixTime, session: &PersonSession) -> bool {
    let settings = in_force.routes.people.as_ref();
    !session.has_ended()
        && now < UnixTime::from_secs(u32::try_from(session.until).unwrap_or(u32::MAX))
        && settings.is_some_and(|settings| people::stands(session, settings, &in_force.issuers))
}

/// Asks policy, and takes the time of it.
fn decide(
    snapshot: &Snapshot,
    caller: Caller<'_>,
    target: &Target,
    brought: Brought<'_>,
    metrics: &Metrics,
) -> (Decision, Instant) {
    let accepted = brought.session.map(|session| session.standing.accepted());
    let context = Context {
        client_ip: brought.client_ip,
        restriction: restriction(brought.headers),
        terms_accepted: accepted.as_deref().unwrap_or_default(),
        ..Context::default()
    };
    let begun = Instant::now();
    let decision = ask(snapshot, caller, target, &context);
    let decided = Instant::now();
    metrics
        .decision_duration
        .observe(decided.duration_since(begun));
    (decision, decided)
}

/// The one caller of policy for requests: for those that come, and for those that are under way.
fn ask(
    snapshot: &Snapshot,
    caller: Caller<'_>,
    target: &Target,
    context: &Context<'_>,
) -> Decision {
    crossgate_policy::decide(snapshot, caller, target, context)
}

/// The session ended: its person signed out, their provider said so, or its time was up.
const SIGNED_OUT: TokenRefusal = TokenRefusal {
    code: 50_058,
    reason: "session_ended",
};

/// Where a verified token was had from.
#[derive(Clone, Copy)]
enum From {
    /// Its signature was checked for this request.
    Verifier,
    /// It was checked before, and the token is ready no more.
    Packed,
    /// It was checked before.
    Ready,
}

/// Why a token is not known.
enum NotKnown {
    /// It is none.
    NoToken(TokenRefusal),
    /// It is not genuine, as far as can be told.
    Unverified(Unverified),
}

/// The token, verified now or before.
fn known<'k, K: Fn(&str) -> Option<&'k KeySet>>(
    moment: &Moment<'_, K>,
    token: Presented<'_>,
    digest: TokenDigest,
    tokens: &Tokens,
) -> Result<(Arc<KnownToken>, From), NotKnown> {
    match tokens.find(digest, moment.basis, moment.issuers) {
        Some(Found::Ready(known)) => Ok((known, From::Ready)),
        Some(Found::Unpacked(known)) => Ok((known, From::Packed)),
        Some(Found::Refused(why)) => Err(NotKnown::Unverified(why)),
        None => match verify(
            token.token().map_err(NotKnown::NoToken)?.expose(),
            moment.issuers,
            &moment.keys,
        ) {
            Ok(verified) => {
                let known = KnownToken::new(verified, moment.issuers);
                Ok((Arc::new(known), From::Verifier))
            }
            Err(why) => {
                tokens.refuse(digest, moment.basis, &why);
                Err(NotKnown::Unverified(why))
            }
        },
    }
}

/// Keeps a verified token for those that come with it next. Ready, and counted as used, only where an app accepts it:
/// somebody with many genuine tokens for elsewhere takes no room from those that are for here.
fn keep<K>(
    moment: &Moment<'_, K>,
    digest: TokenDigest,
    known: &Arc<KnownToken>,
    accepted: Result<(), TokenFault>,
    from: From,
    tokens: &Tokens,
) {
    match from {
        From::Ready => return,
        From::Packed if accepted.is_ok() => tokens.used(digest),
        From::Packed => {}
        From::Verifier => tokens.keep(digest, moment.basis, known, moment.now),
    }
    if accepted.is_ok() {
        tokens.keep_ready(digest, moment.basis, known);
    }
}

/// What depends on the app and on the time, which no verification before says anything about.
fn accept(now: UnixTime, addressee: Addressee<'_>, known: &KnownToken) -> Result<(), TokenFault> {
    known.verified.check(&Expected {
        resource: addressee.resource,
        audiences: addressee.audiences,
        // Neither client certificates nor DPoP proofs are read, so nothing is ever proven.
        possession_proven: false,
        now,
    })
}

/// The tenant-restriction headers of a request.
pub(crate) fn restriction(headers: &HeaderMap) -> RestrictionHeaders<'_> {
    if !restricts(headers) {
        return RestrictionHeaders::Absent;
    }
    let values = |name: &HeaderName| {
        headers
            .get_all(name)
            .iter()
            .map(http::HeaderValue::as_bytes)
    };
    RestrictionHeaders::read(
        values(&names::RESTRICTION_POLICY),
        values(&names::RESTRICTION_TENANTS),
        values(&names::RESTRICTION_CONTEXT),
    )
}

/// Whether any of the three came. Looking at every name once is cheaper than looking for three.
fn restricts(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let begins = |start| name.as_str().starts_with(start);
        (begins("sec-r") || begins("restr"))
            && (*name == names::RESTRICTION_POLICY
                || *name == names::RESTRICTION_TENANTS
                || *name == names::RESTRICTION_CONTEXT)
    })
}

/// The values of the tenant-restriction headers for the event, where any came.
#[must_use]
pub fn restriction_values(headers: &HeaderMap) -> Option<Arc<RestrictionValues>> {
    let values = |name: &HeaderName| {
        let values = headers.get_all(name).iter();
        values.map(|value| value.as_bytes().into()).collect()
    };
    restricts(headers).then(|| {
        Arc::new(RestrictionValues {
            policy: values(&names::RESTRICTION_POLICY),
            tenants: values(&names::RESTRICTION_TENANTS),
            context: values(&names::RESTRICTION_CONTEXT),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Keys;
    use crate::request::route::{Door, Routes};
    use crate::request::testing::{OWN, issuers, known, snapshot};
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use crossgate_config::TokenCache;
    use crossgate_policy::Outcome;
    use crossgate_token::Algorithm;
    use http::HeaderValue;
    use http::header::AUTHORIZATION;
    use serde_json::{Value, json};

    struct Stage {
        snapshot: Snapshot,
        issuers: Issuers,
        routes: Routes,
        tokens: Tokens,
        metrics: Arc<Metrics>,
        keys: Keys,
    }

    impl Stage {
        fn new(keys: &str) -> Self {
            let metrics = Arc::new(Metrics::new().unwrap());
            let settings = crate::request::route::tests::settings(&format!(
                "[[app]]\nid = \"payroll\"\nhosts = [\"a.example\"]\naudiences = [\"api://payroll\"]\n{keys}"
            ));
            let mut routes = Routes::build(&settings, None, &metrics);
            routes.own_tenant = OWN;
            Self {
                snapshot: snapshot(),
                issuers: issuers(),
                routes,
                tokens: Tokens::new(TokenCache::Bytes(1 << 20), Arc::clone(&metrics)).unwrap(),
                metrics,
                keys: crate::request::testing::keys(),
            }
        }

        fn ask(&self, token: &str, now: u32) -> Admission {
            self.ask_with(token, now, |_: &str| None)
        }

        fn ask_with<'k>(
            &self,
            token: &str,
            now: u32,
            keys: impl Fn(&str) -> Option<&'k KeySet>,
        ) -> Admission {
            let mut headers = HeaderMap::new();
            if !token.is_empty() {
                let value = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
                headers.insert(AUTHORIZATION, value);
            }
            let moment = Moment {
                snapshot: &self.snapshot,
                issuers: &self.issuers,
                keys,
                basis: Basis::new(&self.keys, 1),
                now: UnixTime::from_secs(now),
            };
            let app = self.routes.find(Door::Proxy, "a.example", "/").unwrap().app;
            let brought = Brought {
                headers: &headers,
                client_ip: None,
                session: None,
            };
            admit(
                &moment,
                app.addressee(),
                brought,
                &self.tokens,
                &self.metrics,
            )
        }

        /// Puts a member's token into the cache, as if it had been verified.
        fn with_known(&self, token: &str) {
            let digest = self.ask(token, 1).token_digest;
            let (basis, token) = (Basis::new(&self.keys, 1), Arc::new(known(OWN)));
            self.tokens.keep_ready(digest, basis, &token);
        }
    }

    fn code(admission: &Admission) -> u32 {
        admission.verdict.as_ref().unwrap().code()
    }

    #[test]
    fn a_known_token_is_admitted_and_held_against_the_time_each_time() {
        let stage = Stage::new("");
        stage.with_known("a.b.c");
        // The app is of the tenant in the settings, the token of another: tenants are compared, not names.
        let admission = stage.ask("a.b.c", 1_999_999_999);
        assert!(admission.token.is_some());
        assert_eq!(code(&admission), 0, "{admission:?}");
        assert_eq!(code(&stage.ask("a.b.c", 2_000_000_060)), 500_133);
    }

    #[test]
    fn each_restriction_header_is_seen_where_it_comes_alone() {
        assert_eq!(restriction(&HeaderMap::new()), RestrictionHeaders::Absent);
        for (name, value) in [
            (&names::RESTRICTION_POLICY, "restrict-msa"),
            (&names::RESTRICTION_TENANTS, "contoso.com"),
            (&names::RESTRICTION_CONTEXT, "contoso.com"),
        ] {
            let headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static(value))]);
            assert_ne!(restriction(&headers), RestrictionHeaders::Absent, "{name}");
            assert!(restriction_values(&headers).is_some(), "{name}");
        }
    }

    #[test]
    fn no_token_is_refused_unless_the_app_takes_those() {
        let closed = Stage::new("").ask("", 1);
        assert_eq!(
            (code(&closed), closed.token_digest),
            (50_058, TokenDigest::NONE)
        );
        let open = Stage::new("anonymous = true\n").ask("", 1);
        assert_eq!(code(&open), 0);
        assert!(open.verdict.unwrap().permit().unwrap().facts().is_none());
    }

    #[test]
    fn a_bad_token_is_refused_even_where_none_is_needed() {
        let admission = Stage::new("anonymous = true\n").ask("x", 1);
        let decision = admission.verdict.as_ref().unwrap();
        assert_eq!(
            (decision.code(), decision.outcome_name()),
            (50_027, Outcome::Unauthenticated.name())
        );
        assert!(admission.token_digest.is_some());
    }

    #[test]
    fn a_token_for_another_app_does_not_open_this_one() {
        let stage = Stage::new("");
        stage.with_known("a.b.c");
        let settings = crate::request::route::tests::settings(
            "[[app]]\nid = \"treasury\"\nhosts = [\"a.example\"]\naudiences = [\"api://treasury\"]\n",
        );
        let stage = Stage {
            routes: Routes::build(&settings, None, &stage.metrics),
            ..stage
        };
        assert_eq!(code(&stage.ask("a.b.c", 1)), 50_010);
    }

    /// How often each result of a token was counted.
    fn counted(stage: &Stage) -> Vec<String> {
        let text = String::from_utf8(stage.metrics.render().unwrap()).unwrap();
        text.lines()
            .filter_map(|line| line.strip_prefix("crossgate_token_verifications_total"))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn a_token_is_counted_once_by_the_rule_that_refused_it() {
        let stage = Stage::new("");
        stage.with_known("a.b.c");
        let before = counted(&stage);
        // Found in the cache and let pass: the signature was not checked again.
        stage.ask("a.b.c", 1_999_999_999);
        assert_eq!(counted(&stage), before);
        stage.ask("a.b.c", 2_000_000_060);
        let expired = r#"{issuer="own",result="token_expired"} 1"#;
        assert!(counted(&stage).contains(&expired.to_owned()));
        stage.ask("not base64url.", 1);
        let malformed = r#"{issuer="unknown",result="authorization_malformed"} 1"#;
        assert!(counted(&stage).contains(&malformed.to_owned()));
    }

    #[test]
    fn a_token_that_is_verified_and_refused_is_not_counted_as_accepted() {
        let (key, keys) = signer();
        let stage = Stage::new("");
        let claims = |audience: &str, expires: u32| json!({"iss": "https://own.example", "aud": audience, "sub": "s", "oid": "ada", "exp": expires});
        let own = |_: &str| Some(&keys);
        let genuine = sign(&key, &claims("api://payroll", 2_000_000_000));
        let (input, _) = genuine.rsplit_once('.').unwrap();
        for (token, result) in [
            (genuine.clone(), "accepted"),
            (
                sign(&key, &claims("api://other", 2_000_000_000)),
                "wrong_audience",
            ),
            (sign(&key, &claims("api://payroll", 1)), "token_expired"),
            (
                format!("{input}.{}", URL_SAFE_NO_PAD.encode([1; 64])),
                "bad_signature",
            ),
        ] {
            let before = counted(&stage);
            stage.ask_with(&token, 1000, own);
            let new: Vec<String> = counted(&stage);
            let new = new
                .iter()
                .filter(|line| !before.contains(line))
                .collect::<Vec<_>>();
            let line = format!(r#"{{issuer="own",result="{result}"}} 1"#);
            assert_eq!(new, [&line], "{token}");
        }
    }

    fn signer() -> (EcdsaKeyPair, KeySet) {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = key.public_key().as_ref();
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "k",
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]),
        });
        let set = json!({"keys": [jwk]}).to_string();
        (key, KeySet::read(set.as_bytes(), &Algorithm::ALL).unwrap())
    }

    fn sign(key: &EcdsaKeyPair, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!(
            "{}.{}",
            encode(&json!({"alg": "ES256", "kid": "k"})),
            encode(claims)
        );
        let signature = key.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
