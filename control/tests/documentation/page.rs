//! `docs/openapi.html`: the description as a page, with everything that it needs in it.

mod html;
mod types;

use std::fmt::Write as _;

use crossgate_control::api::description;
use crossgate_control::api::routes::{Route, Versions};
use serde_json::Value;

use crate::description::ORIGIN;
use crate::families::{FAMILIES, routes_of};
use crate::operations::needs;
use crate::printed;
use html::{code, prose, text};

#[test]
fn the_rendered_description_is_the_one_that_is_served() {
    printed::whole("openapi.html", &page());
}

#[test]
fn the_rendered_description_fetches_nothing_and_leads_to_nothing_that_is_not_there() {
    let page = page();
    for fetching in ["src=", "<link", "<script", "url(", "@import", "<iframe"] {
        assert!(!page.contains(fetching), "{fetching}");
    }
    for link in page
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        match link.strip_prefix('#') {
            Some(id) => assert!(page.contains(&format!("id=\"{id}\"")), "#{id}"),
            None => assert!(!link.contains(':'), "{link} is elsewhere"),
        }
    }
}

fn page() -> String {
    let document = description(ORIGIN);
    let mut page = String::from(HEAD);
    page.push_str("<nav>\n<strong>Crossgate admin API</strong>\n");
    for family in FAMILIES {
        let _ = writeln!(
            page,
            "<a href=\"#{}\">{}</a>",
            html::id(family.name),
            text(family.name)
        );
    }
    page.push_str("<a href=\"#types\">Types</a>\n</nav>\n<main>\n<header>\n");
    let info = &document["info"];
    let _ = writeln!(
        page,
        "<h1>{}</h1>\n<p>{}</p>",
        text(str_of(&info["title"])),
        prose(str_of(&info["description"]))
    );
    let bearer = &document["components"]["securitySchemes"]["bearer"]["description"];
    let _ = writeln!(page, "<p>{}</p>", prose(str_of(bearer)));
    page.push_str(INTRODUCTION);
    page.push_str("</header>\n");
    for family in FAMILIES {
        let _ = writeln!(
            page,
            "<section id=\"{}\">\n<h2>{}</h2>",
            html::id(family.name),
            text(family.name)
        );
        for route in routes_of(family) {
            operation(&mut page, &document, route);
        }
        page.push_str("</section>\n");
    }
    types::all(&mut page, &document);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn operation(page: &mut String, document: &Value, route: &Route) {
    let (version, told) = match route.versions {
        Versions::Both => ("/v1.0", "under <code>/v1.0</code> and <code>/beta</code>"),
        Versions::Beta => ("/beta", "under <code>/beta</code> alone"),
        Versions::Neither => ("", "without a version"),
    };
    let method = route.method.name();
    let described = &document["paths"][format!("{version}/{}", route.path)][method.to_lowercase()];
    assert!(described.is_object(), "{method} {}", route.path);
    let _ = writeln!(
        page,
        "<details>\n<summary><b class=\"{}\">{method}</b> <code>/{}</code> <span>{}</span></summary>\n<p>Served {told}.</p>",
        method.to_lowercase(),
        text(route.path),
        text(str_of(&described["summary"])),
    );
    page.push_str("<h4>Needs</h4>\n<ul>\n");
    for need in needs(route) {
        let _ = writeln!(page, "<li>{}</li>", prose(&need));
    }
    page.push_str("</ul>\n");
    parameters(page, document, described);
    let body = &described["requestBody"]["content"]["application/json"]["schema"];
    if body.is_object() {
        let _ = writeln!(page, "<h4>Body</h4>\n<p>{}</p>", types::told(body));
    }
    answers(page, described);
    page.push_str("</details>\n");
}

fn parameters(page: &mut String, document: &Value, described: &Value) {
    let parameters: Vec<&Value> = described["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| followed(document, parameter))
        .collect();
    if parameters.is_empty() {
        return;
    }
    page.push_str("<h4>Parameters</h4>\n<table>\n");
    for parameter in parameters {
        let place = match str_of(&parameter["in"]) {
            "path" => "in the path",
            "query" => "in the query",
            "header" => "header",
            place => panic!("a parameter in {place}"),
        };
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td>{place}</td><td>{}</td><td>{}</td></tr>",
            code(str_of(&parameter["name"])),
            types::told(&parameter["schema"]),
            prose(parameter["description"].as_str().unwrap_or_default()),
        );
    }
    page.push_str("</table>\n");
}

fn answers(page: &mut String, described: &Value) {
    page.push_str("<h4>Answers</h4>\n<table>\n");
    let mut refusals = Vec::new();
    let mut statuses: Vec<_> = described["responses"].as_object().unwrap().iter().collect();
    statuses.sort_by_key(|(status, _)| *status);
    for (status, answer) in statuses {
        if answer.get("$ref").is_some() {
            refusals.push(code(status));
            continue;
        }
        let content = answer["content"]
            .as_object()
            .and_then(|all| all.iter().next());
        let body = match content {
            None => "no body".to_owned(),
            Some((kind, content)) if kind == "application/json" => types::told(&content["schema"]),
            Some((kind, _)) => code(kind),
        };
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{body}</td></tr>",
            code(status),
            prose(str_of(&answer["description"])),
        );
    }
    let _ = writeln!(
        page,
        "<tr><td>{}</td><td>Refused, with the reason.</td><td>{}</td></tr>\n</table>",
        refusals.join(" "),
        types::link("error"),
    );
}

/// A parameter, where it is only named, as it stands among the components.
fn followed<'d>(document: &'d Value, parameter: &'d Value) -> &'d Value {
    let Some(place) = parameter["$ref"].as_str() else {
        return parameter;
    };
    document.pointer(place.trim_start_matches('#')).unwrap()
}

fn str_of(value: &Value) -> &str {
    value.as_str().unwrap()
}

const HEAD: &str = concat!(
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
     <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Crossgate admin API</title>\n<style>\n",
    include_str!("page/page.css"),
    "</style>\n</head>\n<body>\n",
);

const INTRODUCTION: &str = "<p>Open an operation to see what its caller must be allowed to do, what it takes and what it answers. \
    Actions are written without <code>microsoft.directory/</code> before them; <a href=\"roles.md\">roles.md</a> has the roles that \
    give them, <a href=\"admin-api.md\">admin-api.md</a> how to begin. The same for programs: \
    <a href=\"openapi.json\">openapi.json</a>, which a gateway serves at <code>/openapi.json</code>.</p>\n";
