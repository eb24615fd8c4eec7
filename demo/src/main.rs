//! The demo: everything around the gateway that an organisation would already have, and a tour through its decisions.
//!
//! Two identity providers (the own tenant, Contoso, and a partner, Fabrikam) and a sample app run here, in a program of
//! their own, because the gateway's binary contains nothing that can mint a token.

mod app;
mod gateway;
mod ports;
mod provider;
mod site;
mod tour;

use clap::Parser;
use provider::Provider;
use site::Site;
use std::path::PathBuf;
use std::process::ExitCode;

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
    /// Where configuration, policy, tokens and events go; written anew at every start
    #[arg(long, default_value = ".demo")]
    directory: PathBuf,
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

    let site = Site::write(&arguments.directory, &contoso, &fabrikam, app)?;
    let stops = tour::stops(&site, &contoso, &fabrikam)?;
    let gateway = gateway::Gateway::start(&arguments.gateway, &site).await?;

    let good = if arguments.tour {
        tokio::task::spawn_blocking(move || tour::make(&site, &stops)).await??
    } else {
        tour::print(&site, &stops);
        tokio::signal::ctrl_c().await?;
        true
    };
    gateway.stop().await?;
    Ok(good)
}
