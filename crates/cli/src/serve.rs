//! `tidings serve`: wires store, node, doors and admin socket together, and takes them down in order.

use crate::Wrong;
use clap::{Args, ValueEnum};
use rand::SeedableRng;
use rand::TryRng;
use rand::rngs::{StdRng, SysRng};
use server::bus::{BusFaults, InProcess, Listener};
use server::clock::{Clock, SystemClock};
use server::config::{Config, Rates, SignUpPolicy};
use server::listen::{self, ListenLimits};
use server::node::{Node, Parts};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::sqlite::{self, Options, Sqlite};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How long sessions have to go when the server is asked to end, in milliseconds.
const DRAIN_MS_MAX: u64 = 5_000;

/// The arguments of `tidings serve`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings serve                                   For this machine only, on port 8080.
  tidings serve --data /var/lib/tidings --listen 0.0.0.0:8080
                                                  For your network.
  tidings serve --trusted-proxy 127.0.0.1         Behind a proxy on this machine that ends TLS.

The first start prints an invite for whoever will own the server. Ctrl-C or SIGTERM ends it:
sessions are told to come back, and nothing that was acknowledged is lost, however it ends.
docs/OPERATING.md tells the rest.")]
pub struct Serve {
    /// Where everything is kept; made if it is not there.
    #[arg(long, env = "TIDINGS_DATA", default_value = "./data", value_name = "DIRECTORY")]
    data: PathBuf,
    /// Where to listen.
    #[arg(
        long,
        env = "TIDINGS_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS:PORT"
    )]
    listen: SocketAddr,
    /// Who may sign up.
    #[arg(long, env = "TIDINGS_SIGN_UP", value_enum, default_value_t = SignUp::Invite, value_name = "WHO")]
    sign_up: SignUp,
    /// A proxy whose X-Forwarded-For is believed; may be given several times.
    #[arg(
        long = "trusted-proxy",
        env = "TIDINGS_TRUSTED_PROXY",
        value_delimiter = ',',
        value_name = "IP"
    )]
    trusted_proxies: Vec<IpAddr>,
    /// How often clients beat, in milliseconds. They notice within one beat what no hint told.
    #[arg(long, default_value_t = protocol::limits::BEAT_MS, value_name = "MS")]
    beat_ms: u64,
    /// Connections at once; above it the door is closed until one goes.
    #[arg(long, default_value_t = 19_000, value_name = "COUNT")]
    sessions_max: usize,
    /// Nothing new is taken while the disk of the data has less room than this, in MiB; 0: no matter how little there
    /// is.
    #[arg(long, default_value_t = 256, value_name = "MIB")]
    disk_free_min_mib: u64,
    /// Over how long the reconnects are spread when this server goes down, in milliseconds.
    #[arg(long, default_value_t = 10_000, value_name = "MS")]
    drain_spread_ms: u64,
    /// How logs are written.
    #[arg(long, env = "TIDINGS_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    log_format: LogFormat,
    /// What is logged: `info`, `warn`, or by part, `warn,server=debug`.
    #[arg(long, env = "TIDINGS_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
    /// Lets everything through that rates would hold back. Never with others' hands on it.
    #[arg(long, help_heading = "Benchmarks and drills")]
    no_rates: bool,
    /// Of the hints between sessions, lose, double, delay so many in a hundred, up to so many milliseconds. It costs
    /// time and never a message: a way to see that.
    #[arg(
        long,
        value_parser = drill,
        default_value = "0,0,0,0",
        value_name = "LOSE,DOUBLE,DELAY,MS",
        help_heading = "Benchmarks and drills"
    )]
    drill_hints: BusFaults,
}

#[derive(Clone, Copy, ValueEnum)]
enum SignUp {
    /// With an invite.
    Invite,
    /// Anybody who reaches the server.
    Open,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

fn drill(text: &str) -> Result<BusFaults, String> {
    let parts: Vec<u64> = text.split(',').filter_map(|part| part.trim().parse().ok()).collect();
    let percent = |n: u64| u8::try_from(n).ok().filter(|n| *n <= 100);
    match parts[..] {
        [lose, double, delay, delay_ms_max] => match (percent(lose), percent(double), percent(delay)) {
            (Some(lose_percent), Some(double_percent), Some(delay_percent)) => Ok(BusFaults {
                lose_percent,
                double_percent,
                delay_percent,
                delay_ms_max,
            }),
            _ => Err("percents are 0 to 100".to_owned()),
        },
        _ => Err("four numbers: lose,double,delay in percent, and milliseconds".to_owned()),
    }
}

/// Serves until SIGTERM or SIGINT.
pub fn run(arguments: Serve) -> Result<(), Wrong> {
    start_logging(&arguments)?;
    plant()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(arguments))
}

fn start_logging(arguments: &Serve) -> Result<(), Wrong> {
    let filter = tracing_subscriber::EnvFilter::try_new(&arguments.log)
        .map_err(|error| format!("--log {}: {error}; try `info` or `server=debug`", arguments.log))?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match arguments.log_format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
    Ok(())
}

/// Chooses the planted fault that the environment names: only programs that were built to be broken have any.
fn plant() -> Result<(), Wrong> {
    const VARIABLE: &str = "TIDINGS_MUTANT";
    if let Some(name) = std::env::var_os(VARIABLE) {
        let name = name.to_string_lossy();
        mutants::choose_from(&name).map_err(|what| format!("{VARIABLE}: {what}"))?;
        tracing::warn!(fault = %name, "THIS SERVER IS BROKEN ON PURPOSE: it loses, doubles or leaks what people say");
    }
    Ok(())
}

async fn serve(arguments: Serve) -> Result<(), Wrong> {
    let clock = Arc::new(SystemClock::start());
    let store = open(&arguments, Arc::clone(&clock) as Arc<dyn Clock>)?;
    // Bound before anything is promised: a port in use is found now.
    let listener = TcpListener::bind(arguments.listen).await.map_err(|error| {
        format!(
            "cannot listen on {}: {error}; choose another with --listen",
            arguments.listen
        )
    })?;
    let address = listener.local_addr()?;
    let bus = InProcess::with_faults(arguments.drill_hints, random_seed()?);
    let node = Node::new(Parts {
        config: config(&arguments),
        store: Arc::new(store.clone()),
        bus: bus.clone(),
        clock,
        chance: StdRng::try_from_rng(&mut SysRng)?,
    });
    let ear: Arc<dyn Listener> = node.clone();
    bus.join(Arc::downgrade(&ear));
    let running = server::serve::start(Arc::clone(&node));
    let disk = arguments.data.clone();
    tokio::spawn(server::serve::watch_disk(Arc::clone(&node), move || free_bytes(&disk)));
    let (stop, stopped) = watch::channel(false);
    let admin = tokio::spawn(server::admin::serve(
        Arc::clone(&node),
        arguments.data.clone(),
        stopped.clone(),
    ));
    let limits = ListenLimits {
        connections_max: arguments.sessions_max,
        ..ListenLimits::default()
    };
    let router = server::http::router(Arc::clone(&node));
    let door = tokio::spawn(listen::serve(
        listener,
        router,
        limits,
        Arc::clone(&node.listen_counts),
        stopped,
    ));
    greet(&node, address, &arguments.data).await?;
    wait_for_a_signal().await?;
    tracing::info!("going down: sessions are sent away");
    running.drain(DRAIN_MS_MAX).await;
    stop.send_replace(true);
    let _ = door.await;
    let _ = admin.await;
    store.close();
    Ok(())
}

fn open(arguments: &Serve, clock: Arc<dyn Clock>) -> Result<Sqlite, Wrong> {
    let mut seed = [0; 32];
    SysRng.try_fill_bytes(&mut seed)?;
    let options = Options::new(Arc::new(move || clock.unix_ms()), seed);
    Ok(sqlite::start(&arguments.data, options)?)
}

fn config(arguments: &Serve) -> Config {
    Config {
        sign_up: match arguments.sign_up {
            SignUp::Invite => SignUpPolicy::Invite,
            SignUp::Open => SignUpPolicy::Open,
        },
        trusted_proxies: arguments.trusted_proxies.clone(),
        beat_ms: arguments.beat_ms,
        sessions_max: arguments.sessions_max,
        disk_free_bytes_min: arguments.disk_free_min_mib.saturating_mul(1024 * 1024),
        drain_spread_ms: arguments.drain_spread_ms,
        rates: if arguments.no_rates {
            Rates::unlimited()
        } else {
            Rates::default()
        },
        ..Config::default()
    }
}

fn random_seed() -> Result<u64, Wrong> {
    Ok(SysRng.try_next_u64()?)
}

/// Says where the server is and, while nobody has an account, how the first one gets in.
#[expect(clippy::print_stdout, reason = "this is what the person at the terminal is told")]
async fn greet(node: &Node, address: SocketAddr, data: &Path) -> Result<(), Wrong> {
    println!("Tidings is at http://{address}");
    let invite = server::account::first_invite(node)
        .await
        .map_err(|refusal| refusal.say)?;
    let (program, data) = (crate::program(), data.display());
    let data = if data.to_string() == "./data" {
        String::new()
    } else {
        format!(" --data {data}")
    };
    if let Some(invite) = invite {
        println!();
        println!("Nobody has an account here yet. The first one, who will own this server, signs up with:");
        println!();
        println!("    {program} chat --server http://{address} --sign-up YOUR_HANDLE --invite {invite}");
        println!();
        println!("The invite is good once. For others: {program} admin{data} invite");
    }
    Ok(())
}

async fn wait_for_a_signal() -> Result<(), Wrong> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// What the server's account may still write on the disk of the data, in bytes.
fn free_bytes(data: &Path) -> std::io::Result<u64> {
    let found = rustix::fs::statvfs(data)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}
