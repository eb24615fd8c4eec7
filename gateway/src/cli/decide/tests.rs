use super::*;
use serde_json::json;

const CONFIG: &str = r#"
[tenant]
id = "11111111-1111-4111-8111-111111111111"
[[issuer]]
name = "fabrikam"
kind = "oidc"
issuer = "https://id.fabrikam.example"
tenant = "22222222-2222-4222-8222-222222222222"
[[app]]
id = "aaaaaaaa-0000-4000-8000-000000000001"
audiences = ["api://payroll"]
"#;

/// Whoever comes from another tenant may come in.
const DEFAULT: &str = r#"{"b2bDirectConnectInbound":{
    "usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"}]},
    "applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}}"#;

fn rules() -> Rules {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    std::fs::create_dir(path("policy")).unwrap();
    std::fs::write(path("crossgate.toml"), CONFIG).unwrap();
    std::fs::write(path("policy/default.json"), DEFAULT).unwrap();
    let args = DecideArgs {
        policy: None,
        config: path("crossgate.toml"),
        cases: "-".into(),
    };
    Rules::load(&args).unwrap_or_else(|failure| panic!("{failure}"))
}

fn decide(cases: &str) -> (Verdict, Vec<String>) {
    let mut out = Vec::new();
    let verdict = rules().decide_all(cases.as_bytes(), &mut out);
    let out = String::from_utf8(out).unwrap();
    let lines = out.lines().map(ToOwned::to_owned).collect();
    (verdict.unwrap_or_else(|failure| panic!("{failure}")), lines)
}

/// A case of a user of Fabrikam's, with members that replace or join the usual ones; null leaves one out.
fn case(change: Value) -> Value {
    let mut case = json!({
        "id": "case-1", "now": "2026-01-01T00:00:00Z", "app": "aaaaaaaa-0000-4000-8000-000000000001",
        "issuer": "fabrikam",
        "claims": {"iss": "https://id.fabrikam.example", "aud": "api://payroll", "sub": "ada", "exp": 1_767_225_660},
    });
    let members = case.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    case
}

fn answer(case: &Value) -> Value {
    let (_, lines) = decide(&case.to_string());
    serde_json::from_str(&lines[0]).unwrap()
}

fn error(change: Value) -> String {
    let answer = answer(&case(change));
    let error = answer["error"].as_str();
    error.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn code(change: Value) -> u64 {
    let answer = answer(&case(change));
    answer["code"]
        .as_u64()
        .unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn members_come_in_the_order_that_is_written_down() {
    let (verdict, lines) = decide(&case(json!({})).to_string());
    let (told, explanation) = lines[0].split_once("\"explanation\":").unwrap();
    assert_eq!(
        told,
        concat!(
            r#"{"id":"case-1","outcome":"allow","status":200,"code":0,"reason":"admitted","step":"app_rules","#,
            r#""enforcement":"enforce","direction":"inbound","crossTenantAccessType":"b2bDirectConnect","#,
            r#""homeTenantId":"22222222-2222-4222-8222-222222222222","#,
            r#""resourceTenantId":"11111111-1111-4111-8111-111111111111","mfa":"none","device":"none","#,
            r#""requirements":[],"#
        )
    );
    let first = r#"[{"step":"token","document":"","property":"","result":"accepted"},"#;
    assert!(explanation.starts_with(first), "{explanation}");
    assert_eq!(verdict, Verdict::Good);
}

#[test]
fn an_unknown_app_is_not_found_and_no_fault_of_the_line() {
    let answer = answer(&case(json!({"app": "nowhere", "issuer": "nobody"})));
    let expected = json!({
        "id": "case-1", "outcome": "not-found", "status": 404, "code": 0, "reason": "unknown_app", "step": null,
        "enforcement": "enforce", "direction": null, "crossTenantAccessType": null, "homeTenantId": null,
        "resourceTenantId": null, "mfa": "none", "device": "none", "requirements": [], "explanation": [],
    });
    assert_eq!(answer, expected);
}

#[test]
fn a_line_that_cannot_be_read_stops_no_other() {
    let good = case(json!({"id": "good"})).to_string();
    let cases = format!("{good}\n\nnot JSON\n{good}\r\n  \n[]\n{good}");
    let (verdict, lines) = decide(&cases);
    assert_eq!(verdict, Verdict::Bad);
    let starts: Vec<&str> = lines.iter().map(|line| &line[..20]).collect();
    let (good, bad) = (r#"{"id":"good","outcom"#, r#"{"id":null,"error":""#);
    assert_eq!(starts, [good, bad, good, bad, good]);
    assert!(
        lines[1].contains("line 3: not a JSON object"),
        "{}",
        lines[1]
    );
    assert!(
        lines[3].contains("line 6: not a JSON object"),
        "{}",
        lines[3]
    );
}

#[test]
fn every_fault_of_a_line_is_told_with_its_id() {
    let case = json!({
        "id": "bad", "now": "yesterday", "app": 7, "nwo": 1, "client_ip": "here",
        "facts": {"revocations": [{"kind": "users", "id": "x"}], "partnerOutboundAllowed": "yes", "more": 1},
    });
    let answer = answer(&case);
    assert_eq!(answer["id"], "bad");
    let error = answer["error"].as_str().unwrap();
    for part in [
        "`now`: expected a time of RFC 3339 since 1970, such as `2026-01-01T00:00:00Z`, found `yesterday`",
        "`app`: expected the `id` of an `[[app]]`, found `7`",
        "`client_ip`: expected an IP address, found `here`",
        "`facts.revocations[0].kind`: expected `user`, `guest`, `session`, `token` or `tenant`, found `users`",
        "`facts.revocations[0].notBefore`: missing; expected a time",
        "`facts.partnerOutboundAllowed`: expected `true` or `false`, found `yes`",
        "`facts.more`: unknown; expected `revocations`,",
        "`nwo`: unknown; expected `id`, `now`, `app`, `claims`,",
    ] {
        assert!(error.contains(part), "{part}\n{error}");
    }
}

#[test]
fn a_bad_time_is_a_fault_of_the_line() {
    for now in [
        json!("2026-01-01"),
        json!("2026-01-01T00:00:00"),
        json!("2026-13-01T00:00:00Z"),
        json!("1969-12-31T23:59:59Z"),
        json!(1_767_225_600),
        json!(""),
    ] {
        let error = error(json!({ "now": now }));
        assert!(error.contains("`now`: expected a time"), "{error}");
    }
    assert!(error(json!({ "now": null })).contains("`now`: missing"));
    assert_eq!(code(json!({ "now": "2026-01-01T02:00:00.5+02:00" })), 0);
}

#[test]
fn wrong_types_are_faults_of_the_line() {
    for change in [
        json!({ "id": 7 }),
        json!({ "app": null }),
        json!({ "issuer": ["fabrikam"] }),
        json!({ "headers": ["a"] }),
        json!({ "headers": { "a": 1 } }),
        json!({ "headers": { "a": ["b", 1] } }),
        json!({ "client_ip": "192.0.2.7/32" }),
        json!({ "facts": [] }),
        json!({ "facts": { "termsAccepted": "x" } }),
        json!({ "facts": { "termsAccepted": [1] } }),
        json!({ "facts": { "proofOfPossession": 1 } }),
        json!({ "facts": { "revocations": [1] } }),
    ] {
        error(change);
    }
}

#[test]
fn members_that_stand_twice_are_faults_of_the_line_and_of_the_claims_a_broken_rule() {
    let line = case(json!({})).to_string();
    let twice = line.replacen("\"app\"", "\"id\":\"x\",\"app\"", 1);
    let (_, lines) = decide(&twice);
    assert!(lines[0].contains("`id`: stands here twice"), "{}", lines[0]);
    let twice = line.replacen("\"sub\"", "\"aud\":\"x\",\"sub\"", 1);
    let (verdict, lines) = decide(&twice);
    assert!(
        lines[0].contains(r#""code":50027,"reason":"duplicate_member""#),
        "{}",
        lines[0]
    );
    assert_eq!(verdict, Verdict::Good);
}

#[test]
fn claims_that_no_token_may_have_are_decided() {
    for claims in [json!([]), json!("x"), json!({}), json!(7)] {
        assert_eq!(code(json!({ "claims": claims })), 50027);
    }
    let nested = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    let line = case(json!({})).to_string().replacen("\"ada\"", &nested, 1);
    let (_, lines) = decide(&line);
    assert!(lines[0].contains("nested_too_deep"), "{}", lines[0]);
}

#[test]
fn without_claims_there_is_no_token() {
    let mut line = case(json!({}));
    for claims in [Some(Value::Null), None] {
        line.as_object_mut().unwrap().remove("claims");
        if let Some(claims) = claims {
            line["claims"] = claims;
        }
        assert_eq!(answer(&line)["code"], 50058);
    }
}

#[test]
fn an_issuer_must_be_configured_and_is_needed_for_claims() {
    assert!(error(json!({ "issuer": "nobody" })).contains("no `[[issuer]]` has the name `nobody`"));
    assert!(error(json!({ "issuer": null })).contains("`issuer`: missing"));
}

#[test]
fn header_names_are_read_without_case_and_a_list_is_a_repeated_header() {
    let header = |headers: Value| code(json!({ "headers": headers }));
    let policy = "11111111-1111-4111-8111-111111111111:33333333-3333-4333-8333-333333333333";
    assert_eq!(
        header(json!({ "SEC-restrict-tenant-access-policy": policy })),
        1_000_108
    );
    assert_eq!(
        header(json!({ "sec-Restrict-Tenant-Access-Policy": [policy, policy] })),
        9_002_313
    );
    assert_eq!(
        header(
            json!({ "sec-Restrict-Tenant-Access-Policy": policy, "SEC-RESTRICT-TENANT-ACCESS-POLICY": policy })
        ),
        9_002_313
    );
    assert_eq!(
        header(json!({ "sec-Restrict-Tenant-Access-Policy": [], "X-Other": "x" })),
        0
    );
}

#[test]
fn facts_are_those_of_this_request_alone() {
    let revoked = json!({ "facts": { "revocations": [
        {"kind": "user", "id": "ada", "notBefore": "2026-01-01T00:00:00Z"}
    ] } });
    let lines = format!("{}\n{}\n", case(revoked), case(json!({})));
    let (_, answers) = decide(&lines);
    assert!(answers[0].contains("\"code\":50173"), "{}", answers[0]);
    assert!(answers[1].contains("\"code\":0"), "{}", answers[1]);
}

#[test]
fn possession_of_a_key_is_a_fact_of_the_case() {
    let claims = json!({
        "iss": "https://id.fabrikam.example", "aud": "api://payroll", "sub": "ada", "exp": 1_767_225_660,
        "cnf": {"jkt": "x"},
    });
    assert_eq!(code(json!({ "claims": claims })), 50013);
    let facts = json!({ "proofOfPossession": true });
    assert_eq!(code(json!({ "claims": claims, "facts": facts })), 0);
}

#[test]
fn each_answer_is_out_before_more_input_is_awaited() {
    struct OneByOne<'a>(Vec<String>, &'a std::cell::RefCell<Vec<u8>>, Vec<usize>);
    impl Read for OneByOne<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let written = self
                .1
                .borrow()
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
            self.2.push(written);
            let Some(line) = self.0.pop() else {
                assert_eq!(self.2, [0, 1, 2]);
                return Ok(0);
            };
            into[..line.len()].copy_from_slice(line.as_bytes());
            Ok(line.len())
        }
    }
    struct Shared<'a>(&'a std::cell::RefCell<Vec<u8>>);
    impl Write for Shared<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let written = std::cell::RefCell::default();
    let line = format!("{}\n", case(json!({})));
    let cases = OneByOne(vec![line.clone(), line], &written, Vec::new());
    let verdict = rules().decide_all(cases, &mut Shared(&written));
    assert!(verdict.is_ok());
}
