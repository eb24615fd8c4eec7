use super::super::{
    Action, Choice, Decision, Destination, Device, Does, FailedWhy, FieldProblem, InviteProblem,
    Membership, Method, Page, SignUpEnd, SignUpField, SignUpInput, Who, Why,
};
use super::{Tag, english, pages, render, tags, with};

const HOSTILE: [&str; 22] = [
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</textarea></form><form action=https://evil.example>",
    "\"><img src=x onerror=alert(1)>",
    "'><img src=x onerror=alert(1)>",
    "\" autofocus onfocus=\"alert(1)",
    "' onmouseover='alert(1)",
    "` onfocus=alert(1) `",
    "javascript:alert(1)",
    "<!--",
    "--><b>",
    "<![CDATA[",
    "&lt;script&gt;",
    "&#x3c;b&#x3e; &amp; &quot;",
    "{{ page.csrf }}{% include 'base.html' %}{# #}",
    "{organisation}{app}{",
    "\u{202e}gnp.exe",
    "a\0b\u{1b}[31m\r\nSet-Cookie: a=b",
    "\u{feff}\u{2028}\u{fffd}",
    "%3Cscript%3E %22 %00",
    "\\\"; alert(1); //",
];

/// Every kind of page, with `text` wherever there is one.
fn every_page(text: &str, check: impl Fn(&Page<'_>)) {
    let choice = Choice {
        label: text,
        href: text,
    };
    let who = Who {
        name: text,
        home_tenant: text,
        home_tenant_name: Some(text),
        signed_in_with: text,
        mfa: true,
        device: Device::Joined,
        since: text,
        until: text,
    };
    let actions = [Action {
        does: Does::TryAgain,
        href: text,
    }];
    check(&Page::Choose {
        app: text,
        return_to: text,
        action: text,
        csrf: text,
        providers: &[choice, choice],
        remembered: Some(choice),
        asks_email: true,
        email: Some(text),
        problem: None,
    });
    check(&Page::Passcode {
        address: text,
        action: text,
        csrf: text,
        new_code: true,
        problem: None,
    });
    check(&Page::Terms {
        name: text,
        version: text,
        text,
        action: text,
        csrf: text,
    });
    check(&Page::Refused {
        why: Why::Blocked,
        code: Some(text),
        correlation_id: text,
        at: text,
        who: Some(who),
        actions: &actions,
    });
    check(&Page::WhoAmI {
        who,
        app: text,
        decision: Decision::Refused(Why::NotAssigned),
        code: Some(text),
        correlation_id: text,
        sign_out_href: text,
        actions: &actions,
        apps: &[Choice {
            label: text,
            href: text,
        }],
        guest: Some(Membership {
            since: Some(text),
            sponsors: &[text],
            leave_href: Some(text),
        }),
        invite_href: Some(text),
    });
    check(&Page::Leave {
        action: text,
        csrf: text,
        return_to: text,
    });
    check(&Page::Invite {
        action: text,
        csrf: text,
        email: text,
        name: text,
        message: Some(text),
        apps: &[Destination {
            label: text,
            value: text,
            chosen: true,
        }],
        lets_into: &[Destination {
            label: text,
            value: text,
            chosen: true,
        }],
        problem: Some(InviteProblem::NotInvitable),
        return_to: text,
    });
    check(&Page::Invited {
        address: text,
        redeem_href: Some(text),
        mailed: false,
        again_href: text,
        return_to: text,
    });
    let asked = |kind| SignUpField {
        name: text,
        label: text,
        kind,
        autocomplete: None,
        value: text,
        required: true,
        choices: &[],
        problem: Some(FieldProblem::NotText),
    };
    let choices = [Destination {
        label: text,
        value: text,
        chosen: true,
    }];
    let chosen = |kind| SignUpField {
        choices: &choices,
        ..asked(kind)
    };
    check(&Page::SignUp {
        app: text,
        account: text,
        home_name: Some(text),
        fields: &[
            asked(SignUpInput::Text),
            chosen(SignUpInput::Radio),
            chosen(SignUpInput::Dropdown),
            chosen(SignUpInput::Checkboxes),
        ],
        problem: None,
        message: Some(text),
        terms_href: Some(text),
        privacy_href: Some(text),
        action: text,
        pass: text,
        csrf: text,
    });
    check(&Page::SignUpEnded {
        outcome: SignUpEnd::Blocked,
        message: Some(text),
        code: Some(text),
        correlation_id: text,
        at: text,
    });
    check(&Page::SignOut {
        action: text,
        csrf: text,
        return_to: text,
    });
    check(&Page::SignedOut { sign_in_href: text });
    check(&Page::Resume {
        action: text,
        csrf: Some(text),
        method: Method::Post,
        path: text,
        fields: &[(text, text), ("name", text)],
    });
    check(&Page::NotKept { path: text });
    check(&Page::SignInFailed {
        why: FailedWhy::Denied,
        retry_href: text,
        correlation_id: text,
        at: text,
    });
    check(&Page::Onward {
        name: text,
        href: text,
    });
}

/// What a page is built of: the names of its tags and attributes.
fn skeleton(html: &str) -> Vec<(String, Vec<String>)> {
    let names = |tag: Tag| {
        let names = tag.attributes.into_iter().map(|(name, _)| name);
        (tag.name, names.collect())
    };
    tags(html).into_iter().map(names).collect()
}

#[test]
fn no_text_put_into_a_page_changes_what_it_is_built_of() {
    let pages = pages();
    every_page("harmless", |page| {
        let (template, expected) = (page.template(), render(page));
        for text in HOSTILE {
            every_page(text, |page| {
                if page.template() == template {
                    let rendered = pages.render(page, &english());
                    assert_eq!(rendered.fault, None);
                    let built = skeleton(&rendered.html);
                    assert_eq!(built, skeleton(&expected), "{template}: {text}");
                    assert!(!rendered.html.contains("<script"), "{template}: {text}");
                    assert!(!rendered.html.contains("<!--"), "{template}: {text}");
                }
            });
        }
    });
}

#[test]
fn the_name_of_the_organisation_is_text_too() {
    for text in HOSTILE {
        let brand = super::Brand {
            name: text.to_owned(),
            ..super::brand()
        };
        let pages = super::Pages::new(brand, []).unwrap();
        let page = Page::SignOut {
            action: "/a",
            csrf: "c",
            return_to: "/",
        };
        let html = pages.render(&page, &english()).html;
        assert_eq!(skeleton(&html), skeleton(&render(&page)), "{text}");
    }
}

#[test]
fn links_lead_to_this_site_or_are_whole_addresses() {
    let cases = [
        ("/sign-in?app=a&b=c", "/sign-in?app=a&b=c"),
        ("/", "/"),
        ("https://login.example/", "https://login.example/"),
        ("mailto:help@example.com", "mailto:help@example.com"),
        ("", "/"),
        ("javascript:alert(1)", "/"),
        ("JavaScript:alert(1)", "/"),
        ("data:text/html,x", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("\\\\evil.example", "/"),
        (" https://evil.example", "/"),
        ("sign-in", "/"),
    ];
    for (href, expected) in cases {
        let html = render(&Page::SignedOut { sign_in_href: href });
        let tags = tags(&html);
        let link = tags.iter().find(|tag| tag.is("a")).unwrap();
        assert_eq!(link.get("href"), Some(expected), "{href:?}");
    }
}

#[test]
fn a_kept_form_is_sent_again_letter_for_letter() {
    let kept: Vec<(&str, &str)> = HOSTILE.into_iter().map(|text| (text, text)).collect();
    let html = render(&Page::Resume {
        action: "/orders",
        csrf: None,
        method: Method::Post,
        path: "/orders",
        fields: &kept,
    });
    let tags = tags(&html);
    let fields: Vec<(&str, &str)> = tags
        .iter()
        .filter(|tag| tag.get("type") == Some("hidden"))
        .map(|tag| (tag.get("name").unwrap(), tag.get("value").unwrap()))
        .collect();
    assert_eq!(fields, kept);
}

#[test]
fn a_path_that_could_not_be_kept_is_no_link() {
    let html = render(&Page::NotKept { path: "/orders" });
    assert!(html.contains("/orders"));
    assert!(!tags(&html).iter().any(|tag| tag.is("a")));
}

#[test]
fn what_looks_like_a_value_within_a_value_is_none() {
    let html = render(&Page::Onward {
        name: "{organisation}",
        href: "/",
    });
    assert!(html.contains("<h1>On to {organisation}</h1>"), "{html}");
}

#[test]
fn a_template_cannot_say_that_a_value_is_markup() {
    let template = |body: &str| {
        format!("{{% extends 'base.html' %}}{{% block content %}}{body}{{% endblock %}}")
    };
    let fault = with(&[("not-kept.html", &template("{{ page.path|safe }}"))]).unwrap_err();
    assert!(fault.to_string().contains("not-kept.html"), "{fault}");

    let unescaped = template(
        "{% autoescape false %}{% set it %}{{ page.path }}{% endset %}{{ it }}{{ page.path }}{% endautoescape %}",
    );
    let pages = with(&[("not-kept.html", &unescaped)]).unwrap();
    let rendered = pages.render(&Page::NotKept { path: "/<b>" }, &english());
    assert!(!rendered.html.contains("<b>"), "{}", rendered.html);
}
