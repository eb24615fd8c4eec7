//! What somebody who means ill can do to a sign-in: each is refused, and each refusal is on record.

use crate::site::people::{APP_HOST, Doors, Lobby};
use crossgate_testkit::browser::Tab;
use crossgate_testkit::redirects::ELSEWHERE;
use crossgate_testkit::upstream::header_values;
use serde_json::{Value, json};

/// A tab at a provider's page, and the address that it was sent to.
fn sent_to<'d>(doors: &'d Doors, profile: &str, with: &str) -> (Tab<'d>, String) {
    let tab = doors.browser.open(profile);
    tab.goto(&doors.app("/"));
    drop(tab.requests());
    tab.click(&format!("a[href*='provider={with}']"));
    let asked = sent_with(&tab.requests(), "code_challenge=");
    (tab, asked)
}

/// A tab at a provider's page, and the parameters that it was sent there with.
fn sent<'d>(doors: &'d Doors, profile: &str, with: &str) -> (Tab<'d>, Value) {
    let (tab, asked) = sent_to(doors, profile, with);
    let (_, query) = asked.split_once('?').unwrap();
    let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
    (
        tab,
        pairs
            .map(|(name, value)| (name, json!(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    )
}

/// An address whose query was changed on the way: a parameter without a value is taken out.
fn altered(address: &str, changes: &[(&str, Option<&str>)]) -> String {
    let mut url = url::Url::parse(address).unwrap();
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let mut query = url.query_pairs_mut();
    query.clear();
    for (name, value) in &pairs {
        let change = changes.iter().find(|(changed, _)| changed == name);
        let value = change.map_or(Some(&**value), |(_, value)| *value);
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    drop(query);
    url.into()
}

/// Goes on from an address that was changed on the way, as far as the provider lets it: exactly one event says why nobody is
/// let in.
#[track_caller]
fn comes_to_nothing(doors: &Doors, tab: &Tab<'_>, what: &str, address: &str, reason: &str) {
    let place = doors.told_once(what, reason, || {
        let place = tab.goto(address);
        if place.url.starts_with(doors.fabrikam.issuer()) {
            return doors.fabrikam.sign_in(tab, "frida", None);
        }
        place
    });
    assert!(
        place.url.starts_with(&doors.app("/.crossgate/callback/")),
        "{what}: {place:?}"
    );
    assert!(matches!(place.status, 400 | 502), "{what}: {place:?}");
    assert_eq!(tab.cookie("__Host-crossgate"), None, "{what}");
    assert_ne!(tab.goto(&doors.app("/api")).status, 200, "{what}");
}

/// The first address with this in it that a browser went to.
fn sent_with(requests: &[Value], part: &str) -> String {
    let mut urls = requests
        .iter()
        .filter_map(|request| request["url"].as_str());
    urls.find(|url| url.contains(part))
        .unwrap_or_else(|| panic!("nobody was sent anywhere with {part}: {requests:?}"))
        .to_owned()
}

/// The address that a provider sends a browser back to, which the browser is kept from going to.
fn answer_of(doors: &Doors, tab: &Tab<'_>, who: &str, with: &str) -> String {
    let people = if with == "contoso" {
        &doors.contoso
    } else {
        &doors.fabrikam
    };
    drop(tab.requests());
    people.sign_in(tab, who, None);
    sent_with(&tab.requests(), "/.crossgate/callback/")
}

#[track_caller]
fn refused(doors: &Doors, tab: &Tab<'_>, address: &str, reason: &str) {
    let place = doors.told_once(address, reason, || tab.goto(address));
    assert_eq!(place.status, 400, "{reason}: {}", tab.page().text);
    let recorded = doors.event(reason);
    assert_eq!(recorded["crossgate"]["step"], "token", "{recorded}");
    assert_ne!(tab.goto(&doors.app("/api")).status, 200, "{reason}");
}

#[test]
fn an_answer_counts_in_the_browser_that_asked_and_once() {
    let doors = Lobby::new().open();
    let (eve, _) = sent(&doors, "eve", "fabrikam");
    let answer = answer_of(&doors, &eve, "frida", "fabrikam");
    // Sent to somebody else, it would make them act as Frida without knowing.
    let mallory = doors.browser.open("mallory");
    refused(&doors, &mallory, &answer, "sign_in_of_another_browser");
    // The browser that asked has used it.
    let again = || eve.goto(&answer);
    let place = doors.told_once("used", "sign_in_of_another_browser", again);
    assert_eq!(place.status, 400);
}

#[test]
fn state_provider_and_issuer_of_an_answer_have_to_be_those_that_were_asked() {
    let doors = Lobby::new().open();
    let (tab, asked) = sent(&doors, "frida", "fabrikam");
    let state = asked["state"].as_str().unwrap().to_owned();
    let callback = |provider: &str, query: &str| {
        doors.app(&format!("/.crossgate/callback/{provider}?{query}"))
    };
    let issuer = doors.fabrikam.issuer();
    for (address, reason) in [
        (
            callback("contoso", &format!("code=x&state={state}")),
            "sign_in_mixed_up",
        ),
        (
            callback(
                "fabrikam",
                &format!("code=x&state={state}&state={state}&iss={issuer}"),
            ),
            "sign_in_of_another_browser",
        ),
        (callback("fabrikam", "code=x"), "sign_in_of_another_browser"),
        (
            callback("fabrikam", "code=x&state=AAAAAAAAAAAAAAAAAAAAAA"),
            "sign_in_of_another_browser",
        ),
        (
            callback("nobody", "code=x&state=../../x"),
            "sign_in_of_another_browser",
        ),
    ] {
        refused(&doors, &tab, &address, reason);
    }
    for (query, reason, code) in [
        (
            "code=x&iss=https://evil.example".to_owned(),
            "answer_of_another_issuer",
            50_013,
        ),
        ("code=x".to_owned(), "answer_of_another_issuer", 50_013),
        (format!("code=stolen&iss={issuer}"), "code_refused", 70_000),
        (format!("iss={issuer}"), "no_code", 50_013),
        (
            format!("error=access_denied&iss={issuer}"),
            "sign_in_denied",
            90_123,
        ),
        (
            format!("error=server_error&error_description=<script>&iss={issuer}"),
            "provider_error",
            90_123,
        ),
    ] {
        let (tab, asked) = sent(&doors, reason, "fabrikam");
        let state = asked["state"].as_str().unwrap();
        let address = callback("fabrikam", &format!("{query}&state={state}"));
        let place = doors.told_once(&query, reason, || tab.goto(&address));
        assert!(matches!(place.status, 400 | 502), "{reason}: {place:?}");
        assert!(!tab.page().html.contains("<script"), "{reason}");
        let recorded = doors.event(reason);
        assert_eq!(recorded["crossgate"]["step"], "token", "{recorded}");
        assert_eq!(recorded["status"]["errorCode"], code, "{recorded}");
        assert_eq!(recorded["crossgate"]["provider"], "fabrikam");
        assert_eq!(recorded["signInEventTypes"], json!(["interactiveUser"]));
        assert_ne!(tab.goto(&doors.app("/api")).status, 200, "{reason}");
    }
}

#[test]
fn a_code_of_another_sign_in_is_refused_by_its_verifier_and_nonce() {
    let doors = Lobby::new().open();
    let (eve, _) = sent(&doors, "eve", "fabrikam");
    let stolen = doors.fabrikam_code(&eve, "frida");
    let (mallory, asked) = sent(&doors, "mallory", "fabrikam");
    let state = asked["state"].as_str().unwrap();
    assert_eq!(asked["code_challenge_method"], "S256");
    assert!(asked["nonce"].as_str().unwrap().len() >= 22);
    let issuer = doors.fabrikam.issuer();
    let address = doors.app(&format!(
        "/.crossgate/callback/fabrikam?code={stolen}&state={state}&iss={issuer}"
    ));
    refused(&doors, &mallory, &address, "code_refused");
}

#[test]
fn a_challenge_that_is_taken_out_or_weakened_on_the_way_lets_nobody_in() {
    let doors = Lobby::new().open();
    let none = [("code_challenge", None), ("code_challenge_method", None)];
    let plain = [("code_challenge_method", Some("plain"))];
    let unsaid = [("code_challenge_method", None)];
    let thiefs = [(
        "code_challenge",
        Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
    )];
    for (what, changes, reason) in [
        (
            "none, where the provider asks for one",
            &none[..],
            "provider_error",
        ),
        (
            "plain, where the provider asks for one",
            &plain[..],
            "provider_error",
        ),
    ] {
        let (tab, asked) = sent_to(&doors, what, "fabrikam");
        comes_to_nothing(&doors, &tab, what, &altered(&asked, changes), reason);
    }
    // A provider that takes sign-ins without PKCE too is where a downgrade could work.
    doors.fabrikam.client(&json!({
        "client_id": "crossgate", "client_secret": "a-secret-of-this-test", "require_pkce": false,
        "redirect_uris": [doors.app("/.crossgate/callback/fabrikam")],
    }));
    for (what, changes, reason) in [
        ("none", &none[..], "code_refused"),
        ("plain", &plain[..], "provider_error"),
        (
            "no method, which means plain",
            &unsaid[..],
            "provider_error",
        ),
        ("another's", &thiefs[..], "code_refused"),
    ] {
        let (tab, asked) = sent_to(&doors, what, "fabrikam");
        comes_to_nothing(&doors, &tab, what, &altered(&asked, changes), reason);
    }
    let (tab, asked) = sent_to(&doors, "as it was sent", "fabrikam");
    tab.goto(&altered(&asked, &[]));
    doors.fabrikam.sign_in(&tab, "frida", None);
    assert_eq!(tab.page().place.url, doors.app("/"), "{}", tab.page().text);
}

#[test]
fn an_id_token_of_another_sign_in_is_refused_by_its_nonce_though_code_and_verifier_fit() {
    let doors = Lobby::new().open();
    let (_other, others) = sent(&doors, "another sign-in", "fabrikam");
    let others = others["nonce"].as_str().unwrap();
    for (what, nonce) in [
        ("the nonce of another sign-in", Some(others)),
        (
            "a nonce that somebody made up",
            Some("AAAAAAAAAAAAAAAAAAAAAA"),
        ),
        ("an empty nonce", Some("")),
        ("no nonce", None),
    ] {
        let (tab, asked) = sent_to(&doors, what, "fabrikam");
        let address = altered(&asked, &[("nonce", nonce)]);
        assert_ne!(address, asked, "{what}");
        let before = doors.fabrikam.count("token");
        comes_to_nothing(&doors, &tab, what, &address, "wrong_nonce");
        assert_eq!(
            doors.fabrikam.count("token"),
            before + 1,
            "{what}: the code was good"
        );
    }
    let (tab, asked) = sent_to(&doors, "as it was sent", "fabrikam");
    tab.goto(&altered(&asked, &[]));
    doors.fabrikam.sign_in(&tab, "frida", None);
    assert_eq!(tab.page().place.url, doors.app("/"), "{}", tab.page().text);
}

#[test]
fn nobody_is_sent_to_another_site() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "fabrikam", "frida");
    drop(tab.requests());
    // What a browser makes of each is a browser's business, so it is asked. The provider knows her, and sends her on at once.
    for to in ELSEWHERE
        .into_iter()
        .chain(["/%09/evil.example", "/%5cevil.example"])
    {
        let query: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
        let path = format!("/.crossgate/sign-in?provider=fabrikam&return={query}");
        let place = tab.goto(&doors.app(&path));
        assert!(place.url.starts_with(&doors.app("/")), "{to}: {place:?}");
        let hops = tab.requests();
        assert!(hops.len() >= 4, "{to}: there and back: {hops:?}");
        for hop in hops {
            let url = hop["url"].as_str().unwrap();
            let known = [doors.app("/"), format!("{}/", doors.fabrikam.issuer())];
            assert!(
                known.iter().any(|known| url.starts_with(known)),
                "{to}: {url}"
            );
        }
    }
}

#[test]
fn a_form_of_another_site_signs_nobody_out() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    let cookie = Doors::session_cookie(&tab);
    // Every form and every way to send it stand in `cross_site`.
    for (token, origin) in [
        ("", "https://evil.example"),
        ("crossgate-csrf=x", "https://payroll.contoso.example"),
        ("", "null"),
    ] {
        let answer = doors
            .curl("/.crossgate/sign-out")
            .header(
                "Cookie",
                &format!(
                    "__Host-crossgate={cookie}; __Host-crossgate-browser=AAAAAAAAAAAAAAAAAAAAAA"
                ),
            )
            .header("Origin", origin)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .method("POST")
            .body(token)
            .send();
        assert_eq!(answer.status, 200, "a question, and no more");
        assert_eq!(answer.header("set-cookie"), None);
    }
    assert_eq!(tab.goto(&doors.app("/")).status, 200);
    doors.told(&tab);
}

#[test]
fn a_session_is_never_one_that_a_browser_brought() {
    let doors = Lobby::new().open();
    let first = doors.browser.open("first");
    first.goto(&doors.app("/"));
    doors.sign_in(&first, "contoso", "ada");
    let before = first.cookie("__Host-crossgate").unwrap();
    // The same person signs in again with the cookie of before: it is worth nothing afterwards.
    first.goto(&doors.app("/.crossgate/sign-in?provider=fabrikam"));
    doors.fabrikam.sign_in(&first, "frida", None);
    let after = first.cookie("__Host-crossgate").unwrap();
    assert_ne!(before["value"], after["value"]);
    let ask = |cookies: &str| doors.status_with(cookies);
    let refused = |cookies: &str| doors.told_once(cookies, "no_token", || ask(cookies));
    let (before, after) = (
        before["value"].as_str().unwrap(),
        after["value"].as_str().unwrap(),
    );
    assert_eq!(refused(&format!("__Host-crossgate={before}")), 401);
    assert_eq!(ask(&format!("__Host-crossgate={after}")), 200);
    // A changed one, one that was made up, and one under another name; two of the name stand in `cross_site`.
    let other = if after.starts_with('A') { 'B' } else { 'A' };
    for cookies in [
        format!("__Host-crossgate={other}{}", &after[1..]),
        "__Host-crossgate=AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "__Host-crossgate=".to_owned(),
        format!("__Host-Crossgate={after}"),
        format!("crossgate={after}"),
    ] {
        assert_eq!(refused(&cookies), 401, "{cookies}");
    }
}

#[test]
fn a_session_that_an_attacker_put_into_a_browser_is_not_the_one_that_is_signed_in_with() {
    let doors = Lobby::new().open();
    let mallory = doors.browser.open("mallory");
    mallory.goto(&doors.app("/"));
    doors.sign_in(&mallory, "fabrikam", "fred");
    let planted = Doors::session_cookie(&mallory);
    let victim = doors.browser.open("frida");
    victim.set_cookie(&json!({
        "name": "__Host-crossgate", "value": planted, "url": doors.app("/"), "secure": true, "path": "/",
    }));
    victim.goto(&doors.app("/.crossgate/sign-in?provider=fabrikam"));
    doors.fabrikam.sign_in(&victim, "frida", None);
    let own = Doors::session_cookie(&victim);
    assert_ne!(own, planted);
    // Whoever planted it has nothing of hers, and no more of their own either.
    let with = |cookie: &str| doors.status_with(&format!("__Host-crossgate={cookie}"));
    let status = doors.told_once("the planted one", "no_token", || with(&planted));
    assert_eq!((status, with(&own)), (401, 200));
    victim.goto(&doors.app("/"));
    assert_eq!(
        header_values(&doors.told(&victim), "x-ms-client-principal-id"),
        ["frida"]
    );
}

#[test]
fn many_sign_ins_at_once_leave_a_browser_with_few_cookies() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    for _ in 0..12 {
        tab.goto(&doors.app("/.crossgate/sign-in?provider=fabrikam"));
    }
    tab.goto(&doors.app("/"));
    let tries = tab
        .cookies()
        .iter()
        .filter(|cookie| cookie["name"].as_str().unwrap().contains("-try-"))
        .count();
    assert!(tries <= 6, "{tries}");
}

#[test]
fn a_session_opens_no_app_where_people_do_not_sign_in() {
    let lobby = Lobby::new();
    let api = format!(
        "[[app]]\nid = \"api\"\nname = \"API\"\nhosts = [\"{APP_HOST}\"]\npaths = [\"/api\"]\naudiences = [\"api://x\"]\n\
         upstreams = [\"{}\"]\n",
        lobby.upstream.address()
    );
    let doors = lobby.configure(|setup| setup.entries(&api)).open();
    let tab = doors.browser.open("ada");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    assert_eq!(tab.goto(&doors.app("/a")).status, 200);
    assert_eq!(tab.goto(&doors.app("/api/transfer")).status, 401);
    doors.event("no_token");
}

#[test]
fn a_form_of_another_site_is_not_kept_to_be_sent_in_the_persons_name() {
    let doors = Lobby::new().open();
    for (origin, kept) in [
        ("https://evil.example", false),
        (&*doors.app("").clone(), true),
    ] {
        let answer = doors
            .curl("/transfer")
            .header("Accept", "text/html")
            .header("Origin", origin)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .method("POST")
            .body("to=eve&amount=1000")
            .send();
        assert_eq!(answer.status, 401, "{origin}");
        let page = String::from_utf8(answer.body.clone()).unwrap();
        assert_eq!(page.contains("resume"), kept, "{origin}: {page}");
        // What is kept is for the browser that sent it.
        assert_eq!(answer.header("set-cookie").is_some(), kept);
    }
}

#[test]
fn who_was_revoked_has_to_sign_in_at_the_provider_anew() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "fabrikam", "frida");
    // Later than the sign-in by more than a second, which is what times in tokens are told by.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let now = jiff::Timestamp::now();
    doors.change(|gateway| {
        gateway.write_policy(
            "revocations.jsonl",
            &json!({ "kind": "user", "id": "frida", "notBefore": now.to_string() }).to_string(),
        );
    });
    drop(tab.requests());
    // The provider's own session would do without a word; it is not taken, however she comes.
    tab.goto(&doors.app("/.crossgate/sign-in?provider=fabrikam"));
    assert!(
        tab.page().place.url.starts_with(doors.fabrikam.issuer()),
        "{}",
        tab.page().text
    );
    // What the browser is sent with is in its own hands: without the wish for a new sign-in the provider answers at once.
    let asked = sent_with(&tab.requests(), "prompt=login");
    let without = asked.replace("&prompt=login", "").replace("&max_age=0", "");
    let place = tab.goto(&without);
    // It is a sign-in from before the revocation, which is told, and not asked for again without end.
    assert_eq!(place.status, 401, "{place:?}: {}", tab.page().text);
    assert!(
        tab.page().text.contains("AADSTS50173"),
        "{}",
        tab.page().text
    );
    tab.click("a[href*='/.crossgate/sign-in']");
    std::thread::sleep(std::time::Duration::from_millis(1000));
    doors.fabrikam.sign_in(&tab, "frida", None);
    assert_eq!(tab.goto(&doors.app("/")).status, 200, "{}", tab.page().text);
    doors.told(&tab);
}

#[test]
fn a_session_ends_with_the_configuration_that_believed_its_provider() {
    let doors = Lobby::new().open();
    let tab = doors.browser.open("frida");
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "fabrikam", "frida");
    let cookie = Doors::session_cookie(&tab);
    let ask = || {
        doors
            .curl("/a")
            .header(
                "Cookie",
                &format!("name=M\u{fc}ller; __Host-crossgate={cookie}"),
            )
            .send()
            .status
    };
    assert_eq!(ask(), 200);
    doors.change(|gateway| {
        gateway.rewrite_config(|config| {
            config.replace("name = \"fabrikam\"\nlabel = \"Fabrikam\"\nissuer = \"fabrikam\"\nclient_id = \"crossgate\"", "name = \"fabrikam\"\nlabel = \"Fabrikam\"\nissuer = \"fabrikam\"\nclient_id = \"another\"")
        });
        gateway.reload();
    });
    assert_eq!(ask(), 401);
}

#[test]
fn a_front_channel_logout_by_itself_ends_the_session_that_it_names_and_nobody_elses() {
    let doors = Lobby::new().open();
    // No back channel, which would end the session too.
    doors.contoso.client(&json!({
        "client_id": "crossgate", "client_secret": "a-secret-of-this-test",
        "redirect_uris": [doors.app("/.crossgate/callback/contoso")],
        "frontchannel_logout_uri": doors.app("/.crossgate/front-channel-logout/contoso"),
    }));
    let (tab, other) = (doors.browser.open("ada"), doors.browser.open("frida"));
    tab.goto(&doors.app("/"));
    doors.sign_in(&tab, "contoso", "ada");
    other.goto(&doors.app("/"));
    doors.sign_in(&other, "fabrikam", "frida");
    let status = |tab: &Tab<'_>| {
        let session = Doors::session_cookie(tab);
        doors.status_with(&format!("__Host-crossgate={session}"))
    };
    let signed_in = doors.contoso.signed_in();
    let sid = signed_in[0]["clients"]["crossgate"].as_str().unwrap();
    let (issuer, another) = (doors.contoso.issuer(), doors.fabrikam.issuer());
    let tell = |provider: &str, query: &str| {
        let path = format!("/.crossgate/front-channel-logout/{provider}?{query}");
        doors.curl(&path).send().status
    };
    for (what, provider, query) in [
        ("another session", "contoso", format!("iss={issuer}&sid=x")),
        (
            "a part of the id",
            "contoso",
            format!("iss={issuer}&sid={}", &sid[1..]),
        ),
        (
            "another issuer",
            "contoso",
            format!("iss={another}&sid={sid}"),
        ),
        (
            "no issuer of ours",
            "contoso",
            format!("iss=https://evil.example&sid={sid}"),
        ),
        (
            "another's place",
            "fabrikam",
            format!("iss={issuer}&sid={sid}"),
        ),
        (
            "another's place and name",
            "fabrikam",
            format!("iss={another}&sid={sid}"),
        ),
    ] {
        assert_eq!(tell(provider, &query), 200, "{what}");
        assert_eq!((status(&tab), status(&other)), (200, 200), "{what}");
    }
    for (what, provider, query) in [
        ("nothing", "contoso", String::new()),
        ("no session", "contoso", format!("iss={issuer}")),
        ("an empty session", "contoso", format!("iss={issuer}&sid=")),
        (
            "two sessions",
            "contoso",
            format!("iss={issuer}&sid={sid}&sid={sid}"),
        ),
        ("no issuer", "contoso", format!("sid={sid}")),
        (
            "two issuers",
            "contoso",
            format!("iss={issuer}&iss={issuer}&sid={sid}"),
        ),
        ("no provider", "nobody", format!("iss={issuer}&sid={sid}")),
    ] {
        let told = doors.told_once(what, "logout_of_no_session", || tell(provider, &query));
        assert_eq!(told, 400, "{what}");
        assert_eq!((status(&tab), status(&other)), (200, 200), "{what}");
    }
    let session = Doors::session_cookie(&tab);
    tab.goto(&format!("{issuer}/session/end"));
    tab.click("button");
    assert_eq!(doors.contoso.count("backchannel"), 0);
    assert_eq!(
        doors.status_with(&format!("__Host-crossgate={session}")),
        401
    );
    assert_eq!(status(&other), 200);
}
