//! Written cases: one file a rule of the decision page, expected answers from the page by hand.
//!
//! `policy/tests/README.md` describes the format.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::program::PolicyFiles;

/// One written case, with base, file and case put together.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file it stands in.
    pub file: String,
    /// What is claimed, as a sentence.
    pub name: String,
    /// Why the case is there.
    pub why: String,
    /// The whole `crossgate.toml`.
    pub config: String,
    /// The whole policy directory.
    pub policy: PolicyFiles,
    /// A line of `crossgate decide`.
    pub line: Value,
    /// The fields of the answer that the case is about.
    pub expect: Value,
}

impl Case {
    /// The fields that are not as expected: name, expected, found.
    #[must_use]
    pub fn differences(&self, answer: &Value) -> Vec<(String, Value, Value)> {
        let expected = self.expect.as_object().expect("`expect` is an object");
        let differs = |(field, value): (&String, &Value)| {
            let found = answer.get(field).cloned().unwrap_or(Value::Null);
            // An error line need only say something.
            let right = if field == "error" {
                found.is_string()
            } else {
                found == *value
            };
            (!right).then(|| (field.clone(), value.clone(), found))
        };
        expected.iter().filter_map(differs).collect()
    }
}

/// Reads every case of a folder, files in order of their names.
///
/// # Panics
/// If a file is not in the format: a case that cannot be read is a failed test.
#[must_use]
pub fn read(dir: &Path) -> Vec<Case> {
    let base = Base::read(&dir.join("base"));
    let mut files: Vec<_> = fs::read_dir(dir)
        .expect("cases")
        .map(|entry| entry.expect("cases").path())
        .collect();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    files.iter().flat_map(|path| base.cases(path)).collect()
}

/// The world that all cases start from: Contoso, its neighbours, and the tokens they bear.
struct Base {
    names: Map<String, Value>,
    config: toml::Table,
    policy: PolicyFiles,
    tokens: Value,
}

impl Base {
    fn read(dir: &Path) -> Self {
        let mut base = Self {
            names: json_file(&dir.join("names.json")),
            config: toml::Table::new(),
            policy: PolicyFiles::new(),
            tokens: Value::Null,
        };
        base.config =
            toml::from_str(&base.named(&dir.join("crossgate.toml"))).expect("base configuration");
        base.policy =
            serde_json::from_str(&base.named(&dir.join("policy.json"))).expect("base policy");
        base.tokens =
            serde_json::from_str(&base.named(&dir.join("tokens.json"))).expect("base tokens");
        base
    }

    /// A file's text, with `{name}` replaced by the identifier of that name.
    fn named(&self, path: &Path) -> String {
        let mut text =
            fs::read_to_string(path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        for (name, id) in &self.names {
            text = text.replace(
                &format!("{{{name}}}"),
                id.as_str().expect("a name stands for a string"),
            );
        }
        text
    }

    fn cases(&self, path: &Path) -> Vec<Case> {
        let file = path
            .file_name()
            .expect("a file")
            .to_string_lossy()
            .into_owned();
        let content: Value = serde_json::from_str(&self.named(path))
            .unwrap_or_else(|fault| panic!("{file}: {fault}"));
        let cases = content["cases"]
            .as_array()
            .unwrap_or_else(|| panic!("{file}: no `cases`"));
        cases
            .iter()
            .enumerate()
            .map(|(index, case)| self.case(&file, index, &content, case))
            .collect()
    }

    fn case(&self, file: &str, index: usize, content: &Value, case: &Value) -> Case {
        let text = |member: &str| {
            case[member]
                .as_str()
                .unwrap_or_else(|| panic!("{file}, case {index}: no `{member}`"))
                .to_owned()
        };
        let (mut config, mut policy) = (self.config.clone(), self.policy.clone());
        for level in [content, case] {
            if let Some(fragment) = level["config"].as_str() {
                let fragment = toml::from_str(fragment)
                    .unwrap_or_else(|fault| panic!("{file}, case {index}: {fault}"));
                lay_over(&mut config, fragment);
            }
            for (name, document) in level["policy"].as_object().into_iter().flatten() {
                if document.is_null() {
                    policy.remove(name);
                } else {
                    policy.insert(name.clone(), document.clone());
                }
            }
        }
        Case {
            file: file.to_owned(),
            name: text("name"),
            why: text("why"),
            config: toml::to_string(&config).expect("a configuration is TOML"),
            policy,
            line: self.line(&format!("{file}#{index}"), &case["case"]),
            expect: case["expect"].clone(),
        }
    }

    /// A line of `decide`: the case's members over a base token's issuer and claims.
    fn line(&self, id: &str, case: &Value) -> Value {
        let mut line = Map::new();
        line.insert("id".to_owned(), id.into());
        line.insert("now".to_owned(), "2026-01-01T00:00:00Z".into());
        line.insert("app".to_owned(), self.names["payroll"].clone());
        let mut claims = Map::new();
        if let Some(token) = case["token"].as_str() {
            let token = self
                .tokens
                .get(token)
                .unwrap_or_else(|| panic!("{id}: no token `{token}`"));
            line.insert("issuer".to_owned(), token["issuer"].clone());
            claims.clone_from(token["claims"].as_object().expect("a token has claims"));
        }
        for (member, value) in case.as_object().expect("a case is an object") {
            match member.as_str() {
                "token" => {}
                "claims" if value.is_object() => {
                    claims.extend(value.as_object().cloned().unwrap_or_default())
                }
                "without" => claims.retain(|claim, _| {
                    !value
                        .as_array()
                        .is_some_and(|gone| gone.contains(&claim.as_str().into()))
                }),
                _ => {
                    line.insert(member.clone(), value.clone());
                }
            }
        }
        if !line.contains_key("claims") {
            line.insert("claims".to_owned(), Value::Object(claims));
        }
        Value::Object(line)
    }
}

/// Lays a fragment over a configuration: tables are merged, entries of `[[issuer]]`, `[[partner]]` and `[[app]]` by what names
/// them, everything else is replaced.
fn lay_over(below: &mut toml::Table, above: toml::Table) {
    for (key, value) in above {
        let name = match key.as_str() {
            "issuer" => "name",
            "partner" => "tenant",
            "app" => "id",
            _ => "",
        };
        match (below.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => lay_over(below, above),
            (Some(toml::Value::Array(below)), toml::Value::Array(above)) if !name.is_empty() => {
                for entry in above {
                    lay_entry_over(below, entry, name);
                }
            }
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

fn lay_entry_over(below: &mut Vec<toml::Value>, above: toml::Value, name: &str) {
    let same = below
        .iter_mut()
        .find(|entry| entry.get(name) == above.get(name));
    match (same.and_then(toml::Value::as_table_mut), above) {
        (Some(entry), toml::Value::Table(above)) => lay_over(entry, above),
        (_, above) => below.push(above),
    }
}

fn json_file(path: &Path) -> Map<String, Value> {
    let text =
        fs::read_to_string(path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}
