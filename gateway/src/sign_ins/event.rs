//! One event: Graph's `signIn` (beta) with what is ours beside it under `crossgate`.

use std::collections::VecDeque;
use std::io::Write as _;

use jiff::Timestamp;
use uuid::Uuid;

use super::observation::Observation;
use super::render::SignIn;
use super::repeats::Repeats;

/// Whether events keep what their decision was made from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Receipts {
    /// They do.
    Kept,
    /// They do not.
    Left,
}

/// An event that stands for one request or for repeats of it, rendered but for the count.
///
/// Rendered at once, so that waiting repeats keep no policy of old alive.
#[derive(Debug)]
pub(super) struct Event {
    /// One JSON object without its last two braces: the count and its times follow.
    head: Vec<u8>,
    count: u64,
    first_seen: Timestamp,
    last_seen: Timestamp,
    /// References that people were shown, but for the first one's: the newest.
    shown: VecDeque<Box<str>>,
}

impl Event {
    /// Appends the event of one request that stands for itself alone.
    pub(super) fn write_one(observation: &Observation, receipts: Receipts, out: &mut Vec<u8>) {
        render(observation.decision_id, observation, receipts, out);
        finish(
            out,
            1,
            observation.arrived,
            observation.arrived,
            &VecDeque::new(),
        );
    }

    /// The event of one request.
    pub(super) fn of(observation: &Observation, receipts: Receipts) -> Self {
        Self {
            head: head(observation.decision_id, observation, receipts),
            count: 1,
            first_seen: observation.arrived,
            last_seen: observation.arrived,
            shown: VecDeque::new(),
        }
    }

    /// The event of repeats that were counted.
    pub(super) fn of_repeats(repeats: &Repeats, receipts: Receipts) -> Self {
        Self {
            // Its own: the one that stands for them was written with its own event.
            head: head(Uuid::new_v4(), &repeats.of, receipts),
            count: repeats.count,
            first_seen: repeats.first,
            last_seen: repeats.last,
            shown: VecDeque::new(),
        }
    }

    /// Adds so many repeats, which arrived between these times.
    pub(super) fn repeat(&mut self, count: u64, first: Timestamp, last: Timestamp) {
        self.count += count;
        // Requests arrive here as they end, not as they began.
        self.first_seen = self.first_seen.min(first);
        self.last_seen = self.last_seen.max(last);
    }

    /// Adds one more request, whose reference a person may quote.
    pub(super) fn add(&mut self, observation: &Observation) {
        self.repeat(1, observation.arrived, observation.arrived);
        if observation.shown {
            if self.shown.len() >= MOST_SHOWN {
                self.shown.pop_front();
            }
            self.shown.push_back((*observation.correlation_id).into());
        }
    }

    /// Appends the line.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        finish(
            out,
            self.count,
            self.first_seen,
            self.last_seen,
            &self.shown,
        );
    }
}

/// To the millisecond.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

fn head(id: Uuid, observation: &Observation, receipts: Receipts) -> Vec<u8> {
    let mut head = Vec::with_capacity(2048);
    render(id, observation, receipts, &mut head);
    head
}

/// Appends all but the count and its times, under an id that no other event has.
fn render(id: Uuid, observation: &Observation, receipts: Receipts, out: &mut Vec<u8>) {
    let explained = observation.explain();
    let id = id.to_string();
    let receipt = match receipts {
        Receipts::Kept => observation.receipt(&id, &explained),
        Receipts::Left => None,
    };
    let sign_in = SignIn::of(id.clone(), observation, &explained.lines, receipt);
    // Only text, numbers and lists: nothing here can fail to be written as JSON.
    let _ = serde_json::to_writer(&mut *out, &sign_in);
    // The last two braces end `crossgate` and the object.
    out.truncate(out.len().saturating_sub(2));
}

fn finish(
    out: &mut Vec<u8>,
    count: u64,
    first_seen: Timestamp,
    last_seen: Timestamp,
    shown: &VecDeque<Box<str>>,
) {
    // Writing to memory does not fail.
    let _ = write!(
        out,
        r#","count":{count},"firstSeen":"{first_seen:.3}","lastSeen":"{last_seen:.3}""#,
    );
    if !shown.is_empty() {
        out.extend_from_slice(br#","correlationIds":"#);
        let _ = serde_json::to_writer(&mut *out, shown);
    }
    out.extend_from_slice(b"}}\n");
}

/// People who reload a page read the newest.
const MOST_SHOWN: usize = 16;

#[cfg(test)]
mod tests {
    use crossgate_policy::snapshot::{Access, PolicyState, Setting, Snapshot};
    use crossgate_policy::subject::{Proofs, Subject, SubjectKind};
    use serde_json::{Value, json};

    use super::super::Ending;
    use super::super::testing::{
        OWN, PARTNER, decided, guest, mfa_for_everyone, observation, snapshot,
    };
    use super::*;

    fn written(observation: &Observation) -> Value {
        let mut line = Vec::new();
        Event::of(observation, Receipts::Kept).write(&mut line);
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        serde_json::from_slice(&line).unwrap()
    }

    fn with_mfa_policy(state: PolicyState) -> Snapshot {
        Snapshot {
            conditional_access: [mfa_for_everyone(state)].into(),
            ..snapshot()
        }
    }

    #[test]
    fn an_admitted_guest_is_told_in_graphs_words() {
        let observation = decided(snapshot(), Some(guest()));
        let event = written(&observation);
        assert_eq!(event["id"], observation.decision_id.to_string());
        assert_eq!(event["crossgate"]["decisionId"], event["id"]);
        assert_eq!(event["createdDateTime"], "1970-01-01T00:00:00.000Z");
        assert_eq!(event["userId"], "ada");
        assert_eq!(event["userDisplayName"], "Ada \"the first\" Lovelace");
        assert_eq!(event["appId"], "client");
        assert_eq!(event["resourceId"], "aaaaaaaa-0000-4000-8000-000000000001");
        assert_eq!(event["homeTenantId"], PARTNER.to_string());
        assert_eq!(event["resourceTenantId"], OWN.to_string());
        assert_eq!(event["crossTenantAccessType"], "b2bCollaboration");
        assert_eq!(event["userType"], "guest");
        assert_eq!(event["signInEventTypes"], json!(["nonInteractiveUser"]));
        assert_eq!(event["tokenIssuerType"], "AzureAD");
        assert_eq!(event["conditionalAccessStatus"], "notApplied");
        assert_eq!(event["status"]["errorCode"], 0);
        assert_eq!(event["ipAddress"], "192.0.2.7");
        let own = &event["crossgate"];
        assert_eq!(
            (&own["snapshot"], &own["count"]),
            (&json!("content"), &json!(1))
        );
        assert_eq!(
            (&own["step"], &own["outcome"]),
            (&json!("app_rules"), &json!("allow"))
        );
        let explanation = own["explanation"].as_array().unwrap();
        assert!(explanation.iter().any(|line| line["step"] == "inbound"));
    }

    #[test]
    fn a_refusal_says_its_number_its_words_and_the_nearest_change() {
        let mut closed = snapshot();
        closed.default.collaboration_inbound = Setting::initial(Access::Blocked).into();
        let event = written(&decided(closed, Some(guest())));
        assert_eq!(event["status"]["errorCode"], 500_213);
        assert!(event["status"]["failureReason"].is_string());
        assert_eq!(event["status"]["additionalDetails"], "not_admitted");
        let own = &event["crossgate"];
        assert_eq!(
            (&own["step"], &own["httpStatus"]),
            (&json!("inbound"), &json!(403))
        );
        assert!(
            own["nearestChange"]
                .as_str()
                .unwrap()
                .contains("b2bCollaborationInbound")
        );
    }

    #[test]
    fn conditional_access_is_a_failure_a_success_or_a_report() {
        let shown = Subject {
            proofs: Proofs {
                resource_mfa: true,
                ..Proofs::default()
            },
            ..guest()
        };
        for (state, subject, status, result) in [
            (PolicyState::Enabled, guest(), "failure", "failure"),
            (PolicyState::Enabled, shown.clone(), "success", "success"),
            (
                PolicyState::ReportOnly,
                guest(),
                "notApplied",
                "reportOnlyInterrupted",
            ),
            (
                PolicyState::ReportOnly,
                shown,
                "notApplied",
                "reportOnlySuccess",
            ),
        ] {
            let event = written(&decided(with_mfa_policy(state), Some(subject)));
            assert_eq!(event["conditionalAccessStatus"], status, "{event:#}");
            let applied = &event["appliedConditionalAccessPolicies"][0];
            assert_eq!(applied["displayName"], "MFA for everyone");
            assert_eq!(applied["enforcedGrantControls"], json!(["mfa"]));
            assert_eq!(applied["result"], result);
        }
    }

    #[test]
    fn a_workload_is_a_service_principal_and_no_user() {
        let workload = Subject {
            kind: SubjectKind::App,
            ..guest()
        };
        let event = written(&decided(snapshot(), Some(workload)));
        assert_eq!(event["signInEventTypes"], json!(["servicePrincipal"]));
        assert_eq!(event["servicePrincipalId"], "ada");
        assert_eq!(event["userId"], "");
        assert_eq!(event["userType"], Value::Null);
    }

    #[test]
    fn what_is_not_known_is_null_and_the_event_is_whole() {
        let event = written(&decided(snapshot(), None));
        assert_eq!(event["status"]["errorCode"], 50_058);
        assert_eq!(
            (&event["userId"], &event["homeTenantId"]),
            (&json!(""), &Value::Null)
        );
        let aborted = Observation {
            ending: Ending::Aborted,
            status: 0,
            app: None,
            ..observation(1)
        };
        let event = written(&aborted);
        assert_eq!(event["crossgate"]["outcome"], "aborted");
        assert_eq!(event["crossgate"]["snapshot"], "none");
        assert_eq!(event["crossgate"]["httpStatus"], Value::Null);
        assert_eq!(event["crossgate"]["explanation"], json!([]));
    }

    #[test]
    fn what_a_client_sends_cannot_break_the_line() {
        let hostile = Observation {
            user_agent: Some("a\nb\"}},{\u{2028}".into()),
            correlation_id: "}}\r\n".into(),
            ..decided(snapshot(), Some(guest()))
        };
        let event = written(&hostile);
        assert_eq!(event["userAgent"], "a\nb\"}},{\u{2028}");
        assert_eq!(event["correlationId"], "}}\r\n");
    }
}
