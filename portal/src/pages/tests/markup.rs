use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::check::samples;
use super::super::{Colour, Page, Pages, Who, Why, field};
use super::{Tag, english, pages, render, tags, with};

/// Every page that is tried at load, in every language.
fn each(check: impl Fn(&Page<'_>, &str, &[Tag])) {
    let pages = pages();
    for language in pages.languages() {
        for page in samples() {
            let rendered = pages.render(&page, &language);
            assert_eq!(rendered.fault, None);
            check(&page, &rendered.html, &tags(&rendered.html));
        }
    }
}

#[test]
fn nothing_runs_and_nothing_is_loaded() {
    each(|page, html, tags| {
        for tag in tags {
            let known = [
                "!doctype", "html", "head", "meta", "title", "style", "body", "header", "main",
                "p", "h1", "h2", "a", "ul", "li", "form", "input", "label", "button", "dl", "dt",
                "dd", "code", "bdi", "time", "div", "br", "strong", "select", "option", "textarea",
                "fieldset", "legend", "img",
            ];
            let name = tag.name.trim_start_matches('/');
            assert!(known.contains(&name), "{}: <{name}>", page.template());
            for (name, value) in &tag.attributes {
                let carried = name != "src" || value.starts_with("data:");
                assert!(carried, "{}: {value}", page.template());
                assert!(!name.starts_with("on"), "{}: {name}", page.template());
                assert_ne!(name, "style", "{}", page.template());
            }
        }
        assert!(html.starts_with("<!doctype html>"));
    });
}

#[test]
fn every_page_says_its_language_and_keeps_its_address_to_itself() {
    let swedish = pages().negotiate(Some("sv-SE"));
    let html = pages().render(&Page::NotKept { path: "/" }, &swedish).html;
    assert!(html.contains("<html lang=\"sv\" dir=\"ltr\">"));
    assert!(html.contains("Formuläret skickades inte"));

    each(|page, _, tags| {
        let policy = tags.iter().find(|tag| tag.get("name") == Some("referrer"));
        // With `no-referrer`, browsers send `Origin: null`, which many applications refuse a form for.
        let kept = matches!(page, Page::Resume { .. });
        let expected = if kept { "same-origin" } else { "no-referrer" };
        assert_eq!(policy.unwrap().get("content"), Some(expected));
    });
}

#[test]
fn headings_are_in_order_under_one_h1_that_is_the_title() {
    each(|page, html, tags| {
        let headings: Vec<&Tag> = tags
            .iter()
            .filter(|tag| tag.is("h1") || tag.is("h2"))
            .collect();
        assert!(headings[0].is("h1"), "{}", page.template());
        let count = headings.iter().filter(|tag| tag.is("h1")).count();
        assert_eq!(count, 1, "{}", page.template());
        let (_, title) = html.split_once("<title>").unwrap();
        let (title, _) = title.split_once(" – Contoso</title>").unwrap();
        assert!(html.contains(&format!("<h1>{title}</h1>")), "{title}");
    });
}

#[test]
fn every_field_has_a_label_and_its_hint_and_problem_are_tied_to_it() {
    each(|page, _, tags| {
        let ids: Vec<&str> = tags.iter().filter_map(|tag| tag.get("id")).collect();
        let distinct: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), distinct.len(), "{}", page.template());
        let is_field = |tag: &&Tag| tag.is("input") || tag.is("select") || tag.is("textarea");
        let fields = tags.iter().filter(is_field);
        for input in fields.filter(|tag| tag.get("type") != Some("hidden")) {
            let id = input.get("id").unwrap();
            let label = tags.iter().find(|tag| tag.get("for") == Some(id));
            assert!(label.unwrap().is("label"));
            assert!(input.get("autocomplete").is_some());
            let described = input.get("aria-describedby").unwrap().split(' ');
            for part in described.clone() {
                assert!(distinct.contains(part), "{}: {part}", page.template());
            }
            let problem = format!("{id}-problem");
            let shown = distinct.contains(problem.as_str());
            assert_eq!(described.clone().any(|part| part == problem), shown);
            assert_eq!(input.get("aria-invalid").is_some(), shown);
        }
    });
}

#[test]
fn fields_are_filled_in_by_browsers_and_the_code_is_typed_in_digits() {
    let html = render(&Page::Passcode {
        address: "ada@example.com",
        action: "/a",
        csrf: "c",
        new_code: false,
        problem: None,
    });
    assert!(html.contains("autocomplete=\"one-time-code\""));
    assert!(html.contains("inputmode=\"numeric\""));
    let choose = samples()
        .into_iter()
        .find(|page| matches!(page, Page::Choose { .. }))
        .unwrap();
    assert!(render(&choose).contains("autocomplete=\"username\""));
}

#[test]
fn every_form_of_ours_is_posted_with_its_token() {
    each(|page, _, tags| {
        let forms = tags.iter().filter(|tag| tag.is("form"));
        for form in forms {
            if matches!(page, Page::Resume { csrf: None, .. }) {
                continue;
            }
            assert_eq!(form.get("method"), Some("post"), "{}", page.template());
            let token = tags.iter().find(|tag| tag.get("name") == Some(field::CSRF));
            assert!(token.unwrap().get("value").is_some());
        }
        let buttons = tags.iter().filter(|tag| tag.is("button"));
        assert!(buttons.clone().all(|tag| tag.get("type") == Some("submit")));
    });
}

#[test]
fn the_name_of_the_home_tenant_is_shown() {
    let who = Who {
        name: "Ada",
        home_tenant: "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        home_tenant_name: Some("Fabrikam"),
        signed_in_with: "Entra",
        mfa: false,
        device: super::super::Device::NotKnown,
        since: "2026-10-01T08:00:00.123Z",
        until: "2026-10-01T16:00:00Z",
    };
    let html = render(&Page::Refused {
        why: Why::Blocked,
        code: Some("53003"),
        correlation_id: "id-to-quote",
        at: "2026-10-01T09:00:00.5Z",
        who: Some(who),
        actions: &[],
    });
    for part in [
        "Fabrikam",
        "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "53003",
        "id-to-quote",
        "2026-10-01 08:00:00 UTC",
        "<time datetime=\"2026-10-01T09:00:00.5Z\">2026-10-01 09:00:00 UTC</time>",
    ] {
        assert!(html.contains(part), "{part}");
    }
}

#[test]
fn every_reason_has_its_own_title_and_advice() {
    let texts = |why| {
        let html = render(&Page::Refused {
            why,
            code: None,
            correlation_id: "i",
            at: "2026-10-01T09:00:00Z",
            who: None,
            actions: &[],
        });
        let (_, body) = html.split_once("<h1>").unwrap();
        let (told, _) = body.split_once("<h2>").unwrap();
        told.to_owned()
    };
    let told: BTreeSet<String> = Why::ALL.map(texts).into();
    assert_eq!(told.len(), Why::ALL.len());
    let keys: BTreeSet<&str> = Why::ALL.map(Why::key).into();
    assert_eq!(keys.len(), Why::ALL.len());
}

#[test]
fn the_policy_lets_in_the_one_style_and_nothing_else() {
    let windows = "body {}\r\nmain {}\r";
    for files in [&[][..], &[("style.css", windows)][..]] {
        let pages = with(files).unwrap();
        let rendered = pages.render(&Page::NotKept { path: "/" }, &english());
        let (_, style) = rendered.html.split_once("<style>").unwrap();
        let (style, _) = style.split_once("</style>").unwrap();
        assert!(!style.contains('\r'));
        let hash = STANDARD.encode(digest(&SHA256, style.as_bytes()));
        assert_eq!(
            &*rendered.content_security_policy,
            format!(
                "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; form-action 'self'; \
                 frame-ancestors 'none'; base-uri 'none'"
            )
        );
    }
}

#[test]
fn text_can_be_read_in_light_and_in_dark() {
    let (_, style) = Pages::built_in_files()
        .find(|(file, _)| *file == "style.css")
        .unwrap();
    let (light, dark) = style
        .split_once("@media (prefers-color-scheme: dark)")
        .unwrap();
    let (dark, _) = dark.split_once(".logo").unwrap();
    let light = colours(light);
    let mut both = light.clone();
    both.extend(colours(dark));
    for scheme in [light, both] {
        let contrast = |one: &str, two: &str| scheme[one].contrast(scheme[two]);
        for (text, ground, least) in [
            ("text", "card", 7.0),
            ("text", "page", 7.0),
            ("quiet", "card", 4.5),
            ("problem", "card", 4.5),
            ("on-brand", "brand", 4.5),
            ("control", "card", 3.0),
            ("focus", "card", 3.0),
            ("focus", "page", 3.0),
        ] {
            let ratio = contrast(text, ground);
            assert!(ratio >= least, "{text} on {ground}: {ratio}");
        }
    }
}

fn colours(style: &str) -> BTreeMap<&str, Colour> {
    let lines = style.lines().filter_map(|line| {
        let (name, value) = line.trim().strip_prefix("--")?.split_once(": ")?;
        Some((name, value.trim_end_matches(';').parse().unwrap()))
    });
    lines.collect()
}
