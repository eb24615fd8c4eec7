//! The real program, asked the same questions: `crossgate decide` on a policy directory, a configuration and many cases.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A policy directory, a configuration and cases on disk, as the program takes them.
pub struct Stage {
    /// The folder that holds the three.
    pub dir: PathBuf,
}

/// The files of a policy directory: a list for a `.jsonl` file, one document for any other.
pub type PolicyFiles = BTreeMap<String, Value>;

impl Stage {
    /// Writes policy and configuration below `dir`.
    ///
    /// # Panics
    /// If the disk does not take them.
    #[must_use]
    pub fn set(dir: &Path, policy: &PolicyFiles, config: &str) -> Self {
        let stage = Self {
            dir: dir.to_owned(),
        };
        fs::create_dir_all(stage.policy()).expect("policy folder");
        for (name, document) in policy {
            let path = stage.policy().join(name);
            fs::create_dir_all(path.parent().expect("a file is in a folder"))
                .expect("policy folder");
            fs::write(path, written(name, document)).expect("policy file");
        }
        fs::write(stage.config(), config).expect("configuration");
        stage
    }

    /// The policy directory.
    #[must_use]
    pub fn policy(&self) -> PathBuf {
        self.dir.join("policy")
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.dir.join("crossgate.toml")
    }

    /// Writes the cases and has the program decide them, in order.
    ///
    /// # Errors
    /// If the program cannot be started, answers with another number of lines, or with a line that is not JSON. Exit code 1 is
    /// right if, and only if, a line is an error.
    pub fn decide(&self, program: &Path, cases: &[Value]) -> Result<Vec<Value>, String> {
        let path = self.dir.join("cases.jsonl");
        fs::write(&path, lines(cases)).map_err(|fault| fault.to_string())?;
        let mut command = Command::new(program);
        command
            .arg("decide")
            .arg("--policy")
            .arg(self.policy())
            .arg("--config")
            .arg(self.config())
            .arg("--cases")
            .arg(&path);
        let output = command
            .output()
            .map_err(|fault| format!("{}: {fault}", program.display()))?;
        let errors = String::from_utf8_lossy(&output.stderr);
        let answers: Result<Vec<Value>, _> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(serde_json::from_str)
            .collect();
        let answers = answers.map_err(|fault| format!("an answer is not JSON: {fault}"))?;
        if answers.len() != cases.len() {
            return Err(format!(
                "{} cases, {} answers, {}: {errors}",
                cases.len(),
                answers.len(),
                output.status
            ));
        }
        let any_error = answers.iter().any(|answer| answer.get("error").is_some());
        if output.status.code() != Some(i32::from(any_error)) {
            return Err(format!(
                "{} with error lines: {any_error}: {errors}",
                output.status
            ));
        }
        Ok(answers)
    }
}

fn written(name: &str, document: &Value) -> String {
    match document.as_array() {
        Some(many) if name.ends_with(".jsonl") => lines(many),
        _ => format!("{document:#}\n"),
    }
}

fn lines(values: &[Value]) -> String {
    values.iter().map(|value| format!("{value}\n")).collect()
}
