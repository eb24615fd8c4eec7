//! The demo: everything around the gateway that an organisation would already have, and a tour through its decisions.
//!
//! Two identity providers (the own tenant, Contoso, and a partner, Fabrikam) and a sample app run here, in a program of
//! their own, because the gateway's binary contains nothing that can mint a token.

mod app;
mod gateway;
mod graph_sdk;
mod ports;
mod provider;
mod site;
mod tour;

use clap::Parser;
use graph_sdk::GraphSdk;
use provider::Provider;
use site::Site;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// What went wrong, for the person at the terminal.
type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Runs Crossgate with two identity providers and a sample app, and shows what it decides.
#[derive(Parser)]
struct Arguments {
    /// Make the calls of the tour, check every answer, and end
    #[arg(long)]
    tour: bool,
    /// The built gateway
    #[arg(long, default_value = "target/release/crossgate")]
    gateway: PathBuf,
    /// A Python that has Microsoft's Graph SDK, which `scripts/graph-sdk` installs
    #[arg(long, default_value = "testkit/python/.venv/bin/python")]
    python: PathBuf,
    /// Where configuration, policy, tokens and events go, written anew at every start [default: .demo, for the tour a
    /// folder that is removed]
    #[arg(long)]
    directory: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("demo: {fault}");
            ExitCode::FAILURE
        }
    }
}

/// Answers whether every call of the tour went as it should; true where none was made.
async fn run(arguments: Arguments) -> Result<bool, Fault> {
    let contoso = Provider::serve(site::CONTOSO).await?;
    let fabrikam = Provider::serve(site::FABRIKAM).await?;
    let app = app::serve().await?;

    // A tour beside a demo that somebody is trying must not write into its files.
    let (_removed, directory) = match (arguments.directory, arguments.tour) {
        (Some(directory), _) => (None, directory),
        (None, true) => {
            let removed = tempfile::tempdir()?;
            let path = removed.path().to_owned();
            (Some(removed), path)
        }
        (None, false) => (None, PathBuf::from(".demo")),
    };
    let site = Site::write(&directory, &contoso, &fabrikam, app).map_err(|fault| {
        format!(
            "{}: {fault}; name another with --directory",
            directory.display()
        )
    })?;
    let stops = tour::stops(&site, &contoso, &fabrikam)?;
    gateway::import(&arguments.gateway, &site).await?;
    let gateway = gateway::Gateway::start(&arguments.gateway, &site).await?;
    let sdk = GraphSdk::new(arguments.python, &site);

    let good = if arguments.tour {
        tokio::task::spawn_blocking(move || tour::make(&site, &sdk, &stops)).await??
    } else {
        tour::print(&site, &sdk, &stops);
        told_to_end().await?;
        true
    };
    gateway.stop().await?;
    Ok(good)
}

/// Waits for Ctrl-C, for SIGTERM, or for the terminal to be closed.
async fn told_to_end() -> Result<(), Fault> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed?,
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}
