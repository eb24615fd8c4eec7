//! What other sites, neighbouring hosts and apps can put into a person's browser: forms of theirs and cookies of theirs.
//! Nothing comes of it, and the record says so.

use crate::site::outsiders::Outsiders;
use crate::site::people::{Doors, Lobby};
use crossgate_testkit::browser::Tab;
use crossgate_testkit::curl::Answer;
use crossgate_testkit::upstream::header_values;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

const CSRF: &str = "crossgate-csrf";
const BROWSER: &str = "__Host-crossgate-browser";
const FOREIGN: &str = "form_of_another_site";

/// A form of ours, as the browser that was shown it sends it.
struct Form {
    path: String,
    jar: String,
    fields: Vec<(String, String)>,
}

/// How another site has a browser send it.
struct Attack {
    what: &'static str,
    jar: String,
    fields: Vec<(String, String)>,
    headers: Vec<(&'static str, String)>,
}

impl Form {
    /// The one that a tab shows, with these fields filled in.
    fn shown(tab: &Tab<'_>, filled: &[(&str, &str)]) -> Self {
        let form = tab.evaluate(
            "(() => { const form = document.querySelector('form[method=post]'); \
             return { action: form.getAttribute('action'), fields: [...new FormData(form)] }; })()",
        );
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let shown = form["fields"].as_array().unwrap().iter();
        let mut fields: Vec<(String, String)> = shown
            .map(|field| (text(&field[0]), text(&field[1])))
            .filter(|(name, _)| filled.iter().all(|(filled, _)| filled != name))
            .collect();
        fields.extend(
            filled
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        assert!(fields.iter().any(|(name, _)| name == CSRF), "{form}");
        Self {
            path: text(&form["action"]),
            jar: Doors::jar(tab),
            fields,
        }
    }

    fn with_token(&self, token: &str) -> Vec<(String, String)> {
        let fields = self.fields.iter().cloned();
        fields
            .map(|(name, value)| {
                if name == CSRF {
                    (name, token.to_owned())
                } else {
                    (name, value)
                }
            })
            .collect()
    }

    fn without_token(&self) -> Vec<(String, String)> {
        let fields = self.fields.iter().cloned();
        fields.filter(|(name, _)| name != CSRF).collect()
    }

    fn attacks(&self, doors: &Doors) -> Vec<Attack> {
        let browser = self.jar.split("; ").find(|pair| pair.starts_with(BROWSER));
        let browser = browser.expect("the cookie that ties forms to it");
        let others: Vec<&str> = self
            .jar
            .split("; ")
            .filter(|pair| *pair != browser)
            .collect();
        let strangers = token(&doors.curl("/.crossgate/sign-out").send());
        let neighbours = doors
            .curl_other("/.crossgate/sign-out")
            .header("Cookie", browser);
        let neighbours = token(&neighbours.send());
        let twice = [self.fields.clone(), self.with_token(&strangers)].concat();
        let ours = || {
            vec![
                ("Origin", doors.app("")),
                ("Sec-Fetch-Site", "same-origin".to_owned()),
            ]
        };
        let of_a_page = |what, fields| Attack {
            what,
            jar: self.jar.clone(),
            fields,
            headers: ours(),
        };
        let of_a_site = |what, headers: &[(&'static str, &str)]| Attack {
            what,
            jar: self.jar.clone(),
            fields: self.fields.clone(),
            headers: headers
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        };
        let with_jar = |what, jar: String| Attack {
            what,
            jar,
            fields: self.fields.clone(),
            headers: ours(),
        };
        vec![
            of_a_page("no token", self.without_token()),
            of_a_page("an empty token", self.with_token("")),
            of_a_page("a token of another browser", self.with_token(&strangers)),
            of_a_page("a token of another host", self.with_token(&neighbours)),
            of_a_page("two tokens", twice),
            of_a_site("from another site", &[("Origin", "https://evil.example")]),
            of_a_site("from the other app", &[("Origin", &*doors.other(""))]),
            of_a_site(
                "said to be from another site",
                &[("Sec-Fetch-Site", "cross-site")],
            ),
            of_a_site(
                "from a frame without an origin",
                &[("Origin", "null"), ("Sec-Fetch-Site", "cross-site")],
            ),
            of_a_site(
                "said to be from a neighbour",
                &[("Sec-Fetch-Site", "same-site")],
            ),
            with_jar("in a browser that was shown nothing", others.join("; ")),
            with_jar(
                "beside a cookie that was tossed",
                format!("{}; {BROWSER}=AAAAAAAAAAAAAAAAAAAAAA", self.jar),
            ),
        ]
    }

    fn send(
        &self,
        doors: &Doors,
        jar: &str,
        fields: &[(String, String)],
        headers: &[(&str, String)],
    ) -> Answer {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = doors
            .curl(&self.path)
            .method("POST")
            .header("Accept", "text/html")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Cookie", jar)
            .body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.send()
    }

    /// Whatever others do with it does nothing, and each time one event says so. Then it is sent as it was meant.
    #[track_caller]
    fn counts_from_its_browser_only(
        &self,
        doors: &Doors,
        name: &str,
        untouched: impl Fn(&Answer) -> bool,
    ) -> Answer {
        for Attack {
            what,
            jar,
            fields,
            headers,
        } in self.attacks(doors)
        {
            let told = format!("{name}: {what}");
            let answer =
                doors.told_once(&told, FOREIGN, || self.send(doors, &jar, &fields, &headers));
            assert!(matches!(answer.status, 200 | 400), "{told}: {answer:?}");
            assert_eq!(answer.header("location"), None, "{told}");
            let is_let_in =
                |cookie: &&str| cookie.starts_with("__Host-crossgate=") || cookie.contains("-try-");
            let cookies = answer.header_values("set-cookie");
            assert!(!cookies.iter().any(is_let_in), "{told}: {cookies:?}");
            assert!(untouched(&answer), "{told}");
        }
        let ours = [
            ("Origin", doors.app("")),
            ("Sec-Fetch-Site", "same-origin".to_owned()),
        ];
        self.send(doors, &self.jar, &self.fields, &ours)
    }
}

/// The token on a page of ours.
fn token(answer: &Answer) -> String {
    let page = answer.text();
    let (_, rest) = page
        .split_once(&format!("name=\"{CSRF}\" value=\""))
        .unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn session_in(answer: &Answer) -> Option<String> {
    let cookies = answer.header_values("set-cookie");
    let session = cookies
        .iter()
        .find(|cookie| cookie.starts_with("__Host-crossgate="))?;
    session.split(';').next().map(str::to_owned)
}

#[test]
fn every_form_of_ours_counts_from_the_browser_that_was_shown_it_and_from_no_other_site() {
    const MIA: &str = "mia@contractor.example";
    let outsiders = Outsiders::start();
    let doors = outsiders.before_nobody(Lobby::new()).with_store().open();
    doors.invite(MIA, &json!({}));
    let mailed = || outsiders.mail.mails(MIA).len();

    let tab = doors.browser.open("mia");
    tab.goto(&doors.app("/"));
    let choose = Form::shown(&tab, &[("email", MIA)]);
    let answer = choose.counts_from_its_browser_only(&doors, "address", |_| mailed() == 0);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let _first = outsiders.mail.newest(MIA, 1);

    doors.tell_address(&tab, "/", MIA);
    let _second = outsiders.mail.newest(MIA, 2);
    let again = Form::shown(&tab, &[("new-code", "1")]);
    let answer = again.counts_from_its_browser_only(&doors, "another code", |_| mailed() == 2);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let code = outsiders.code(MIA, 3);
    assert_eq!(mailed(), 3);

    // The right code, which would let in.
    let passcode = Form::shown(&tab, &[("passcode", &code)]);
    let answer = passcode.counts_from_its_browser_only(&doors, "code", |_| true);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(session_in(&answer).is_some(), "{answer:?}");

    let invitation = doors.invite("frida@fabrikam.com", &json!({}));
    let tab = doors.browser.open("frida");
    tab.goto(invitation["inviteRedeemUrl"].as_str().unwrap());
    doors.fabrikam.sign_in(&tab, "frida@fabrikam.com", None);
    let path = format!(
        "users/{}",
        invitation["invitedUser"]["id"].as_str().unwrap()
    );
    let state = || doors.admin("GET", &path, &json!({})).json()["externalUserState"].clone();
    let consent = Form::shown(&tab, &[]);
    let answer =
        consent.counts_from_its_browser_only(&doors, "consent", |_| state() == "PendingAcceptance");
    assert_eq!(
        (answer.status, state()),
        (303, json!("Accepted")),
        "{}",
        answer.text()
    );

    tab.goto(&doors.app("/.crossgate/sign-out"));
    let sign_out = Form::shown(&tab, &[]);
    let still_in = || doors.status_with(&sign_out.jar) == 200;
    assert!(still_in());
    let answer = sign_out.counts_from_its_browser_only(&doors, "sign-out", |_| still_in());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(doors.status_with(&sign_out.jar), 401);
}

#[test]
fn terms_of_use_are_accepted_by_the_persons_own_browser_and_by_no_other_site() {
    let lobby = Lobby::new()
        .policy(
            "conditional-access/terms.json",
            &json!({
                "displayName": "Terms", "state": "enabled",
                "conditions": { "users": { "includeUsers": ["All"] }, "applications": { "includeApplications": ["All"] } },
                "grantControls": { "operator": "OR", "builtInControls": [], "termsOfUse": ["tou-1"] },
            }),
        )
        .configure(|setup| {
            setup.entries("[[terms]]\nid = \"tou-1\"\nname = \"House rules\"\nversion = \"1\"\nfile = \"rules.txt\"\n")
        });
    lobby.write("rules.txt", "Be kind.\n");
    let doors = lobby.open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/pay"));
    doors.sign_in(&tab, "contoso", "ada");
    let terms = Form::shown(&tab, &[]);
    let asked = || doors.status_with(&terms.jar) != 200;
    let answer = terms.counts_from_its_browser_only(&doors, "terms", |_| asked());
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/pay")),
        "{}",
        answer.text()
    );
    assert!(!asked());
}

#[test]
fn a_flood_of_foreign_forms_is_counted_and_not_written_out_one_by_one() {
    let doors = Lobby::new()
        .configure(|setup| setup.section("sign_ins", "mode = \"first-then-count\""))
        .open();
    for _ in 0..40 {
        let form = doors
            .curl("/.crossgate/sign-out")
            .method("POST")
            .body("a=b");
        assert_eq!(form.send().status, 200);
    }
    let stopped = doors.gateway.stop();
    let foreign = |event: &&Value| event["crossgate"]["reason"] == FOREIGN;
    let told: Vec<&Value> = stopped.events.iter().filter(foreign).collect();
    let counts = told
        .iter()
        .filter_map(|event| event["crossgate"]["count"].as_u64());
    assert_eq!(counts.sum::<u64>(), 40, "{told:?}");
    assert!(told.len() <= 4, "{told:?}");
}

/// What an app or a neighbour could try to set in our name.
const TOSSED: [&str; 8] = [
    "__Host-crossgate=x; Path=/; Secure",
    "__Host-crossgate=x; Domain=contoso.example; Path=/; Secure",
    "__HOST-Crossgate=x; Path=/; Secure",
    "__Host-crossgate-browser=AAAAAAAAAAAAAAAAAAAAAA; Path=/; Secure",
    "__Host-crossgate-browser=AAAAAAAAAAAAAAAAAAAAAA; Domain=contoso.example; Secure",
    "__Host-crossgate-try-AAAAAAAAAAAAAAAAAAAAAA=x; Path=/; Secure",
    "__Host-crossgate-realm=contoso; Path=/; Secure",
    "=__Host-crossgate=x; Path=/; Secure",
];

#[test]
fn an_app_that_sets_cookies_of_ours_has_them_dropped_and_its_own_passed_on() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    let mut query = Serializer::new(String::new());
    query.append_pair("c", "mine=1; Path=/");
    for cookie in TOSSED {
        query.append_pair("c", cookie);
    }
    query.append_pair("c", "other=2");
    let path = format!("/set-cookie?{}", query.finish());
    let answer = doors.curl(&path).header("Cookie", &Doors::jar(&tab)).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.header_values("set-cookie"),
        ["mine=1; Path=/", "other=2"]
    );
    // Nor does the person's browser have anything else afterwards than before.
    let jar = || {
        let mut pairs: Vec<String> = Doors::jar(&tab).split("; ").map(str::to_owned).collect();
        pairs.sort();
        pairs
    };
    let before = jar();
    tab.goto(&doors.app(&path));
    let mut expected = [before, vec!["mine=1".to_owned(), "other=2".to_owned()]].concat();
    expected.sort();
    assert_eq!(jar(), expected);
    assert_eq!(tab.goto(&doors.app("/")).status, 200);
}

#[test]
fn cookies_that_a_neighbour_tosses_are_taken_by_no_browser_and_two_of_a_name_are_refused() {
    let doors = Lobby::new().open();
    let (victim, neighbour) = (doors.browser.open("frida"), doors.browser.open("frida"));
    let toss = |script: &str| {
        neighbour.goto(&doors.other("/.crossgate/signed-out"));
        neighbour.evaluate(script);
    };
    let all: String = TOSSED
        .iter()
        .map(|cookie| {
            let (pair, _) = cookie.split_once(';').unwrap();
            format!("document.cookie = '{pair}; Domain=contoso.example; Path=/; Secure';")
        })
        .collect();
    toss(&format!(
        "(() => {{ {all} document.cookie = 'tossed=1; Domain=contoso.example; Path=/; Secure'; }})()"
    ));
    victim.goto(&doors.app("/"));
    doors.sign_in(&victim, "fabrikam", "frida");
    let told = doors.told(&victim);
    // The neighbour's way is open, for what is not ours.
    assert_eq!(header_values(&told, "cookie"), ["tossed=1"], "{told}");
    assert_eq!(header_values(&told, "x-ms-client-principal-id"), ["frida"]);

    // In a browser that keeps to nothing of this: two of a name are none, whichever comes first.
    let session = Doors::session_cookie(&victim);
    for jar in [
        format!("__Host-crossgate={session}; __Host-crossgate=x"),
        format!("__Host-crossgate=x; __Host-crossgate={session}"),
        format!("__Host-crossgate={session}; __Host-crossgate={session}"),
    ] {
        let status = doors.told_once(&jar, "no_token", || doors.status_with(&jar));
        assert_eq!(status, 401, "{jar}");
    }
    for jar in [
        format!("__Host-crossgate={session}; crossgate=x; __host-crossgate=y"),
        format!("__Host-crossgate-x=y; __Host-crossgate={session}"),
    ] {
        assert_eq!(doors.status_with(&jar), 200, "{jar}");
    }
}

#[test]
fn an_answer_beside_a_tossed_sign_in_is_refused_and_the_next_one_is_not() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/.crossgate/sign-in?provider=fabrikam"));
    let jar = Doors::jar(&tab);
    let own = jar.split("; ").find(|pair| pair.contains("-try-")).unwrap();
    let name = own.split('=').next().unwrap();
    let state = name.strip_prefix("__Host-crossgate-try-").unwrap();
    let issuer = doors.fabrikam.issuer();
    let path = format!("/.crossgate/callback/fabrikam?code=x&state={state}&iss={issuer}");
    // Somebody else's sign-in under the name of this one.
    let others = doors.curl("/.crossgate/sign-in?provider=fabrikam").send();
    let others = others.header_values("set-cookie");
    let others = others
        .iter()
        .find(|cookie| cookie.contains("-try-"))
        .unwrap();
    let value = others.split(['=', ';']).nth(1).unwrap();
    for (what, jar, reason) in [
        (
            "behind it",
            format!("{own}; {name}={value}"),
            "sign_in_of_another_browser",
        ),
        (
            "before it",
            format!("{name}={value}; {own}"),
            "sign_in_of_another_browser",
        ),
        (
            "in its place",
            format!("{name}={value}"),
            "sign_in_mixed_up",
        ),
        ("of nobody", format!("{name}=x"), "sign_in_took_too_long"),
        (
            "in other letters",
            own.to_lowercase(),
            "sign_in_of_another_browser",
        ),
    ] {
        let ask = || doors.curl(&path).header("Cookie", &jar).send();
        let answer = doors.told_once(what, reason, ask);
        assert_eq!((answer.status, session_in(&answer)), (400, None), "{what}");
    }
    doors.fabrikam.sign_in(&tab, "frida", None);
    assert_eq!(tab.page().place.url, doors.app("/"), "{}", tab.page().text);
}

#[test]
fn a_jar_that_others_filled_lets_people_sign_in_up_to_the_limit_and_is_refused_clearly_beyond() {
    let doors = Lobby::new().open();
    let (victim, neighbour) = (doors.browser.open("frida"), doors.browser.open("frida"));
    // The limit of a head is 64 KiB; the rest is for what a browser sends besides.
    neighbour.goto(&doors.other("/.crossgate/signed-out"));
    neighbour.evaluate(
        "(() => { for (let i = 0; i < 14; i += 1) \
         document.cookie = `f${i}=${'x'.repeat(4000)}; Domain=contoso.example; Path=/; Secure`; })()",
    );
    victim.goto(&doors.app("/"));
    doors.sign_in(&victim, "fabrikam", "frida");
    let told = doors.told(&victim);
    assert_eq!(header_values(&told, "x-ms-client-principal-id"), ["frida"]);
    let cookies = header_values(&told, "cookie").join("; ");
    assert!(cookies.len() > 14 * 4000, "{}", cookies.len());

    let jar = Doors::jar(&victim);
    let fill = format!("f={}", "x".repeat(4000));
    let beyond = format!("{jar}; {}", vec![fill; 20].join("; "));
    let answer = doors.told_once("beyond the limit", "head_too_large", || {
        let asked = doors.curl("/.crossgate/sign-in").argument("--http1.1");
        asked.header("Cookie", &beyond).send()
    });
    assert_eq!(answer.status, 431, "{answer:?}");
    // The neighbour cannot end the session by it: without the others' cookies it goes on.
    let session = Doors::session_cookie(&victim);
    assert_eq!(
        doors.status_with(&format!("__Host-crossgate={session}")),
        200
    );
}
