//! What is asserted of the policy is proved while others change something, and holds of what is stored.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossgate_config::Settings;
use crossgate_control::api::call::Answer;
use crossgate_control::enforcer::{Asking, Broken, Enforcer, InForce, ShutOut, StagedPolicy};
use crossgate_control::store::{Head, Store, StoreError};
use crossgate_graph::Compiled;
use crossgate_policy::ids::TenantId;
use serde_json::json;

use super::support::{ADA, BOB, READER, Site, administrator_of, body, settings, with_role};

const DEFAULT: &str = "/v1.0/policies/crossTenantAccessPolicy/default";
const LIMIT: Duration = Duration::from_secs(20);

/// What a proof comes to.
type Proof = Vec<Broken>;

/// A gateway whose proofs begin and end as a test says.
struct Proving {
    settings: Arc<Settings>,
    begun: Mutex<Sender<()>>,
    ends: Mutex<Receiver<Proof>>,
    /// How often a policy was put in force.
    enforced: Arc<AtomicUsize>,
}

impl std::fmt::Debug for Proving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proving").finish_non_exhaustive()
    }
}

impl Enforcer for Proving {
    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings)
    }

    fn gateway(&self) -> String {
        "here".to_owned()
    }

    fn in_force(&self, _: TenantId) -> Option<InForce> {
        None
    }

    fn shut_out(&self, _: &Compiled, _: Option<Asking<'_>>) -> Vec<ShutOut> {
        Vec::new()
    }

    fn write_activity(&self, _: &dyn Store) -> Result<(), StoreError> {
        Ok(())
    }

    fn enforce(&self, _: &Compiled, _: Option<&StagedPolicy>, _: &Head) {
        self.enforced.fetch_add(1, Ordering::Relaxed);
    }

    fn prove(&self, _: &Compiled) -> Result<Vec<Broken>, Vec<String>> {
        self.begun.lock().unwrap().send(()).unwrap();
        Ok(self.ends.lock().unwrap().recv_timeout(LIMIT).unwrap())
    }
}

/// A draft that is published, whose proofs are `proofs`, and what others do while the first of them is made. Answers how the publishing ended.
fn publish(proofs: Vec<Proof>, meanwhile: impl FnOnce(&Site)) -> (Site, Answer) {
    let (begun, begins) = channel();
    let (end, ends) = channel();
    let enforced = Arc::<AtomicUsize>::default();
    let proving = Proving {
        enforced: Arc::clone(&enforced),
        settings: Arc::new(settings()),
        begun: Mutex::new(begun),
        ends: Mutex::new(ends),
    };
    let site = Site::enforced_by(Arc::new(proving), Vec::new());
    let ada = administrator_of(ADA);
    let drafts = "/v1.0/crossgate/drafts";
    let made = site.send(&ada, "POST", drafts, r#"{"displayName":"Proved"}"#);
    let draft = format!("{drafts}/{}", body(&made)["id"].as_str().unwrap());
    let path = format!("{draft}/policies/crossTenantAccessPolicy/default");
    let change = json!({ "inboundTrust": { "isMfaAccepted": true } });
    let changed = site.send(&ada, "PATCH", &path, &change.to_string());
    assert!(changed.status.is_success(), "{}", body(&changed));
    let enforced = || enforced.load(Ordering::Relaxed);
    assert_eq!(enforced(), 0, "what is drafted binds for nobody");
    let tag = body(&site.call(&ada, "GET", &draft))["@odata.etag"].clone();
    let answer = std::thread::scope(|scope| {
        let publishing = scope.spawn(|| {
            let path = format!("{draft}/publish");
            let version = [("if-match", tag.as_str().unwrap())];
            site.send_with(&ada, "POST", &path, r#"{"mode":"all"}"#, &version)
        });
        begins.recv_timeout(LIMIT).unwrap();
        meanwhile(&site);
        let count = proofs.len();
        for proof in proofs {
            end.send(proof).unwrap();
        }
        let answer = publishing.join().unwrap();
        assert_eq!(begins.try_iter().count() + 1, count, "proofs were made");
        answer
    });
    assert!(enforced() > 0 || !answer.status.is_success());
    (site, answer)
}

fn trusts(site: &Site) -> bool {
    let default = site.call(&administrator_of(ADA), "GET", DEFAULT);
    body(&default)["inboundTrust"]["isMfaAccepted"] == true
}

fn revoke(site: &Site) {
    let path = format!("/v1.0/users/{BOB}/revokeSignInSessions");
    let revoked = site.call(&administrator_of(BOB), "POST", &path);
    assert!(revoked.status.is_success(), "{}", body(&revoked));
}

fn broken() -> Proof {
    vec![Broken {
        name: "nobody new".to_owned(),
        why: "somebody is".to_owned(),
    }]
}

#[test]
fn to_revoke_waits_for_no_proof_and_what_was_overtaken_is_proved_again() {
    let (site, published) = publish(vec![Vec::new(), Vec::new()], revoke);
    assert!(published.status.is_success(), "{}", body(&published));
    assert!(trusts(&site));
}

#[test]
fn what_does_not_hold_of_the_policy_that_others_changed_meanwhile_is_not_published() {
    let (site, published) = publish(vec![Vec::new(), broken()], revoke);
    assert_eq!(published.status, 409, "{}", body(&published));
    assert!(!trusts(&site));
}

#[test]
fn what_did_not_hold_before_others_changed_the_policy_is_not_held_against_a_draft() {
    let (site, published) = publish(vec![broken(), Vec::new()], revoke);
    assert!(published.status.is_success(), "{}", body(&published));
    assert!(trusts(&site));
}

#[test]
fn what_is_refused_meanwhile_overtakes_nobody() {
    let refused = |site: &Site| {
        let reader = with_role(READER, BOB);
        let answer = site.send(&reader, "PATCH", DEFAULT, "{}");
        assert_eq!(answer.status, 403, "{}", body(&answer));
    };
    let (site, published) = publish(vec![Vec::new()], refused);
    assert!(published.status.is_success(), "{}", body(&published));
    assert!(trusts(&site));
    let (site, published) = publish(vec![broken()], refused);
    assert_eq!(published.status, 409, "{}", body(&published));
    assert!(!trusts(&site));
}
