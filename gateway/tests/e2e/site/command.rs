//! The built program as a command, in a folder with a configuration that names a store.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crossgate_testkit::programs;
use serde_json::Value;
use tempfile::TempDir;

pub const OWN: &str = "11111111-1111-4111-8111-111111111111";
pub const READER: &str = "bbbbbbbb-0000-4000-8000-00000000000a";

/// A folder with a configuration that names a store.
pub struct Place(TempDir);

/// What a run of the program gave.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    #[track_caller]
    pub fn good(self) -> String {
        assert_eq!((self.code, &*self.err), (0, ""), "{}", self.out);
        self.out
    }

    /// What it complains of.
    #[track_caller]
    pub fn bad(self) -> String {
        assert_eq!((self.code, &*self.out), (1, ""), "{}", self.err);
        self.err
    }
}

impl Place {
    pub fn new() -> Self {
        let place = Self(TempDir::new().unwrap());
        place.write(
            "crossgate.toml",
            &format!(
                "[tenant]\nid = \"{OWN}\"\nname = \"Contoso\"\n[policy]\nsource = \"sqlite:policy.db\"\n"
            ),
        );
        fs::create_dir(place.path("policy")).unwrap();
        place
    }

    /// The same with a policy in its directory, which was imported.
    pub fn imported(files: &[(&str, &str)]) -> Self {
        let place = Self::new();
        place.policy(files);
        place.run(&["policy", "import", "policy"]).good();
        place
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Makes the policy directory anew.
    pub fn policy(&self, files: &[(&str, &str)]) {
        fs::remove_dir_all(self.path("policy")).unwrap();
        fs::create_dir(self.path("policy")).unwrap();
        for (path, text) in files {
            self.write(&format!("policy/{path}"), text);
        }
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        run(self.0.path(), arguments)
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        let run = self.run(&[arguments, &["--output", "json"]].concat());
        let parsed = serde_json::from_str(&run.out);
        parsed.unwrap_or_else(|error| panic!("{error}: {run:?}"))
    }

    /// The number of the last change.
    pub fn last(&self) -> u64 {
        self.json(&["policy", "history"])[0]["number"]
            .as_u64()
            .unwrap()
    }
}

pub fn run(directory: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crossgate"));
    command.current_dir(directory).args(arguments);
    let output = programs::run(&mut command, b"");
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Every file below a folder.
pub fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            for (path, text) in files(&entry.path()) {
                found.insert(format!("{name}/{path}"), text);
            }
        } else {
            found.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
    found
}
