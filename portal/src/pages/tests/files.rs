use std::collections::BTreeSet;

use minijinja::Value;
use minijinja::value::Serde;

use super::super::check::samples;
use super::super::{Page, Pages};
use super::{english, pages, with};

/// The file replaces the built-in one, and stops everything with exactly these faults.
#[track_caller]
fn refused(file: &str, text: &str, expected: &[&str]) {
    let faults = with(&[(file, text)]).unwrap_err().faults;
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.contains(expected), "{told}\n  lacks {expected}");
    }
}

fn not_kept(pages: &Pages, language: &str) -> String {
    let language = pages.negotiate(Some(language));
    pages
        .render(&Page::NotKept { path: "/orders" }, &language)
        .html
}

#[test]
fn built_in_files_have_nothing_to_complain_about() {
    assert_eq!(pages().advisories(), []);
    let tags: Vec<String> = pages().languages().map(|it| it.tag().to_owned()).collect();
    assert_eq!(tags, ["en", "sv"]);
}

#[test]
fn the_built_in_files_are_taken_as_overrides_as_they_are() {
    let files = Pages::built_in_files();
    let files = files.map(|(name, text)| (name.to_owned(), format!("\u{feff}{text}")));
    let again = Pages::new(super::brand(), files).unwrap();
    assert_eq!(again.advisories(), []);
    for page in samples() {
        let (one, two) = (pages(), &again);
        assert_eq!(
            one.render(&page, &english()).html,
            two.render(&page, &english()).html
        );
    }
}

#[test]
fn a_file_replaces_the_built_in_one_of_its_name() {
    let pages = with(&[
        (
            "not-kept.html",
            "{% extends 'base.html' %}{% block title %}Gone{% endblock %}",
        ),
        ("style.css", "main { color: #123456 }"),
    ])
    .unwrap();
    let html = not_kept(&pages, "en");
    assert!(html.contains("<h1>Gone</h1>"));
    assert!(html.contains("<style>main { color: #123456 }</style>"));
}

#[test]
fn a_file_that_is_none_of_these_is_refused() {
    refused(
        "logo.gif",
        "",
        &["logo.gif: no file of these pages; expected `actions.html`"],
    );
    refused("Choose.html", "", &["Choose.html: no file"]);
    refused("english.toml", "", &["english.toml: no file"]);
    refused("../en.toml", "", &["../en.toml: no file"]);
}

#[test]
fn a_template_that_does_not_parse_is_refused_with_its_line() {
    refused(
        "choose.html",
        "<p>\n{% if page.app %}\n",
        &["choose.html, line"],
    );
    refused(
        "choose.html",
        "\n\n{{ page. }}",
        &["choose.html, line 3: syntax error"],
    );
}

#[test]
fn a_template_that_needs_what_it_does_not_get_is_refused_with_its_line() {
    let lines = "{% extends 'base.html' %}\n{% block content %}\n{{ page.nickname }}{% endblock %}";
    refused(
        "not-kept.html",
        lines,
        &[
            "not-kept.html, line 3: undefined value, in `{{ page.nickname }}{% endblock %}`; docs/pages.md says",
        ],
    );
    refused(
        "not-kept.html",
        "{{ text('no.such') }}",
        &["there is no text `no.such`"],
    );
    refused(
        "onward.html",
        "{{ page.href }}{{ text('onward.title') }}",
        &["needs a value `name`"],
    );
    refused(
        "not-kept.html",
        "{% extends 'frame.html' %}",
        &["not-kept.html, line 1: template not found"],
    );
    refused(
        "not-kept.html",
        "{{ page.path|shout }}",
        &["unknown filter"],
    );
}

#[test]
fn a_fault_in_a_part_is_told_once_and_of_the_part() {
    refused(
        "who.html",
        "\n{{ who.name }}",
        &["who.html, line 2: undefined value"],
    );
}

#[test]
fn a_template_without_what_its_form_needs_is_refused() {
    refused(
        "sign-out.html",
        "<form method='post' action='{{ page.action }}'><button>Bye</button></form>",
        &["does not hold `crossgate-csrf`", "does not hold `csrf`"],
    );
    refused(
        "resume.html",
        "{{ page.action }} crossgate-csrf {{ page.csrf }}",
        &["`crossgate-csrf`", "`fields`"],
    );
    // Quotes of the other kind are as good.
    let other = "<form method='post' action='{{ page.action }}'><input type='hidden' name='crossgate-csrf' value='{{ page.csrf }}'></form>";
    assert!(with(&[("sign-out.html", other)]).is_ok());
}

#[test]
fn every_fault_of_every_file_is_told_at_once() {
    let fault = with(&[
        ("de.toml", "nonsense = 'x'\n[choose]\ntitel = 'y'"),
        ("readme.md", ""),
        ("style.css", "a{}\n</STYLE >"),
        ("terms.html", "{% nope %}"),
    ])
    .unwrap_err();
    let told = fault.to_string();
    for part in [
        "pages: 5 problems",
        "de.toml, line 1: `nonsense` is no text",
        "de.toml, line 3: `choose.titel` is no text",
        "readme.md: no file",
        "style.css, line 2: `</style` would end",
        "terms.html, line 1: syntax error",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn a_template_that_fails_after_all_is_replaced_by_the_built_in_one() {
    let pages = with(&[(
        "not-kept.html",
        "{% if page.path == '/orders' %}{{ page.nothing }}{% endif %}ours",
    )])
    .unwrap();
    let language = english();
    let other = pages.render(&Page::NotKept { path: "/" }, &language);
    assert_eq!((other.html.as_str(), other.fault), ("ours", None));
    let failed = pages.render(&Page::NotKept { path: "/orders" }, &language);
    assert!(failed.html.contains("Your form was not sent"));
    let fault = failed.fault.unwrap();
    assert_eq!(
        (fault.file.as_str(), fault.line),
        ("not-kept.html", Some(1))
    );
}

#[test]
fn what_no_browser_will_run_or_load_is_told() {
    let told = |file, text: &str| {
        let pages = with(&[(file, text)]).unwrap();
        let advisories = pages.advisories().iter().map(ToString::to_string);
        advisories.collect::<Vec<_>>().join("\n")
    };
    assert!(
        told("not-kept.html", "<script>x()</script>").contains("not-kept.html: has a `<script>`")
    );
    assert!(told("not-kept.html", "<p style='color:red'>").contains("has a `style=`"));
    assert!(told("not-kept.html", "<img src=\"https://a.example/b.png\">").contains("to load"));
    assert!(told("style.css", "\n@import 'a.css';").contains("style.css, line 2: names something"));
}

#[test]
fn a_new_language_is_found_and_is_english_where_it_has_no_text() {
    let pages = with(&[("fi.toml", "[not-kept]\ntitle = 'Lomaketta ei lähetetty'")]).unwrap();
    assert_eq!(pages.negotiate(Some("fi-FI, sv;q=0.5")).tag(), "fi");
    let html = not_kept(&pages, "fi");
    assert!(html.contains("<html lang=\"fi\" dir=\"ltr\">"));
    assert!(html.contains("<h1>Lomaketta ei lähetetty</h1>"));
    assert!(html.contains("Open the form again."));
    let [advisory] = pages.advisories() else {
        panic!()
    };
    assert_eq!(advisory.file, "fi.toml");
    assert!(advisory.what.contains("`not-kept.lead`, `not-kept.to`"));
    assert!(!advisory.what.contains("`not-kept.title`"));
}

#[test]
fn a_language_that_is_written_from_the_right_says_so() {
    let pages = with(&[("ar.toml", "direction = 'rtl'")]).unwrap();
    assert!(not_kept(&pages, "ar").contains("<html lang=\"ar\" dir=\"rtl\">"));
    refused(
        "ar.toml",
        "direction = 'right'",
        &["ar.toml, line 1: `direction` is `right`; expected `ltr`"],
    );
}

#[test]
fn a_few_words_of_a_built_in_language_can_be_changed() {
    let pages = with(&[
        ("en.toml", "[not-kept]\ntitle = 'Lost at {organisation}'"),
        ("sv.toml", "[not-kept]\nlead = 'Tyvärr.'"),
    ])
    .unwrap();
    assert_eq!(pages.advisories(), []);
    assert!(not_kept(&pages, "en").contains("<h1>Lost at Contoso</h1>"));
    assert!(not_kept(&pages, "en").contains("It was meant for:"));
    assert!(not_kept(&pages, "sv").contains("Tyvärr."));
    assert!(not_kept(&pages, "sv").contains("<h1>Formuläret skickades inte</h1>"));
}

#[test]
fn an_operators_english_is_what_other_languages_fall_back_to() {
    let pages = with(&[
        ("en.toml", "[not-kept]\ntitle = 'Lost'"),
        ("fi.toml", "[not-kept]\nlead = 'Voi.'"),
    ])
    .unwrap();
    assert!(not_kept(&pages, "fi").contains("<h1>Lost</h1>"));
}

#[test]
fn a_language_file_that_says_what_nobody_asks_is_refused_with_its_line() {
    refused(
        "sv.toml",
        "[choose]\n\nlead = '{app}'",
        &["sv.toml, line 3: `choose.lead` has no value `{app}`; it can have `{organisation}`"],
    );
    refused(
        "en.toml",
        "[choose]\ntitle = 'Open {application}'",
        &["it can have `{app}`, `{organisation}`"],
    );
    refused(
        "en.toml",
        "[choose]\ntitle = '{app'",
        &["en.toml, line 2: `choose.title`: a `{` has no `}`"],
    );
    refused(
        "en.toml",
        "[choose]\ntitle = '{ app }'",
        &["must be the name of a value"],
    );
    refused(
        "en.toml",
        "[choose]\ntitle = ' '",
        &["`choose.title` is empty"],
    );
    refused(
        "en.toml",
        "[choose]\ntitle = 7",
        &["`choose.title` is not a text"],
    );
    refused(
        "en.toml",
        "choose = 'x'",
        &["`choose` is no text of these pages"],
    );
    refused(
        "en.toml",
        "[choose]\nlead = 'a'\nlead = 'b'",
        &["en.toml, line 3: "],
    );
    refused("en.toml", "\n[choose", &["en.toml, line 2: "]);
}

/// What `docs/pages.md` promises to those who write templates.
#[test]
fn the_documentation_names_every_value_of_every_template() {
    let guide = include_str!("../../../../docs/pages.md");
    for (file, _) in Pages::built_in_files() {
        assert!(guide.contains(&format!("`{file}`")), "{file}");
    }
    let promised: BTreeSet<(&str, String)> = samples()
        .iter()
        .flat_map(|page| {
            let values = Value::from(Serde(page));
            let names = values.try_iter().unwrap();
            names
                .map(|name| (page.template(), name.to_string()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(promised.len() > 40);
    for (template, name) in promised {
        let row = guide
            .lines()
            .find(|line| line.starts_with(&format!("| `{template}` |")));
        assert!(
            row.unwrap().contains(&format!("`{name}`")),
            "{template}: {name}"
        );
    }
}
